import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** The present and the peak memory of a process in bytes (Linux only). Null when the process has ended. */
export function memoryOf(pid: number | undefined): { now: number; peak: number } | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const read = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]) * 1_024;
    const memory = { now: read('VmRSS'), peak: read('VmHWM') };
    return Number.isNaN(memory.peak) ? null : memory;
  } catch {
    return null;
  }
}

export function childrenOf(pid: number | undefined): number[] {
  if (process.platform !== 'linux') {
    const processes = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number));
    return processes.filter(([, parent]) => parent === pid).map(([child = NaN]) => child);
  }
  const isChild = (entry: string) => {
    try {
      // The command name may contain blanks and brackets. The parent's pid is the second field after the last bracket.
      return (
        Number(
          readFileSync(`/proc/${entry}/stat`, 'utf8')
            .replace(/^.*\)\s/s, '')
            .split(' ')[1],
        ) === pid
      );
    } catch {
      return false;
    }
  };
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && isChild(entry))
    .map(Number);
}

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartError } from '../../platform/startup/start-error';

/** Identifies a process, also against a later one with the same pid. */
export interface ProcessIdentity {
  pid: number;
  startedAt: string;
}

/**
 * When a process started (in a unit of the platform's own), or undefined when there is none; a zombie counts as gone.
 */
function processStart(pid: number): string | undefined {
  try {
    if (process.platform !== 'linux')
      return (
        execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' }).trim() ||
        undefined
      );
    // The command name (field 2) may contain blanks and brackets, so fields are counted from the last bracket. Field 3
    // is the state, 22 the start.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\)\s/s, '')
      .split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

export function commandLine(pid: number): string {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    return execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' });
  } catch {
    return '';
  }
}

export function identityOf(pid: number): ProcessIdentity {
  return { pid, startedAt: processStart(pid) ?? '' };
}

export function isAlive(identity: ProcessIdentity): boolean {
  return processStart(identity.pid) === identity.startedAt;
}

export type StopStep = readonly [signal: NodeJS.Signals, graceMs: number];

/** Sends each signal in turn until the process has ended. Returns whether it has. */
export async function stopProcess(pid: number, steps: readonly StopStep[]): Promise<boolean> {
  const identity = identityOf(pid);
  for (const [signal, graceMs] of steps) {
    if (!isAlive(identity)) return true;
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return true;
      throw error;
    }
    for (const end = Date.now() + graceMs; Date.now() < end && isAlive(identity);) await sleep(20);
  }
  return !isAlive(identity);
}

/**
 * Stops what a killed start left behind. A pid file proves nothing by itself (the pid may belong to somebody else by
 * now): the process is signalled only when its command line shows all of `marks`.
 */
export async function stopLeftover(pidFile: string, marks: string[], steps: readonly StopStep[]): Promise<boolean> {
  const pid = readPid(pidFile);
  if (!pid || !marks.every((mark) => commandLine(pid).includes(mark))) return false;
  if (!(await stopProcess(pid, steps)))
    throw new StartError(`process ${pid} (${marks.join(' ')}), left by an earlier start, does not stop`);
  return true;
}

function readPid(pidFile: string): number | undefined {
  try {
    return Number(readFileSync(pidFile, 'utf8').split('\n')[0]) || undefined;
  } catch {
    return undefined;
  }
}

import { closeSync, fstatSync, existsSync, mkdirSync, openSync, readdirSync, readSync, renameSync } from 'node:fs';
import path from 'node:path';

/** Each start begins new logs. The logs of the previous start are kept as `<name>.1.log`. */
export function rotateLogs(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.log') && !file.endsWith('.1.log'))) {
    renameSync(path.join(folder, name), path.join(folder, name.replace(/\.log$/, '.1.log')));
  }
}

export function openLog(logFile: string): number {
  mkdirSync(path.dirname(logFile), { recursive: true });
  return openSync(logFile, 'a', 0o600);
}

/** Reads only the end of the file, because a log may be large. */
export function lastLogLines(logFile: string, count = 15): string {
  if (!existsSync(logFile)) return '';
  const file = openSync(logFile, 'r');
  try {
    const { size } = fstatSync(file);
    const buffer = Buffer.alloc(Math.min(size, 32_768));
    readSync(file, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString().trimEnd().split('\n').slice(-count).join('\n');
  } finally {
    closeSync(file);
  }
}

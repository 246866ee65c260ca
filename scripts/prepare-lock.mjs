import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Allows one preparation of a clone at a time, because `npm ci` empties node_modules. */
export async function withLock(folder, work, signal) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = path.join(folder, 'prepare.lock');
  for (let waited = false; !take(file); waited = true) {
    if (!waited) console.log('Another start is preparing this clone; waiting for it …');
    await sleep(500, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file) {
  try {
    writeFileSync(file, JSON.stringify({ pid: process.pid, startedAt: processStart(process.pid) ?? '' }), {
      flag: 'wx',
    });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (!isAlive(readHolder(file))) rmSync(file, { force: true });
    return false;
  }
}

/** Undefined while the holder has not written its identity yet. */
function readHolder(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Compares pid and start time, because another program may have the pid of a killed one by now. An empty file counts as
 * alive, because its writer may still be writing.
 */
function isAlive(holder) {
  if (holder === undefined) return true;
  const startedAt = processStart(holder.pid);
  return startedAt !== undefined && startedAt === holder.startedAt;
}

/** The same as in src/stack/processes/process-table.ts, which may not be built yet. */
function processStart(pid) {
  try {
    if (process.platform === 'win32') return process.kill(pid, 0) && 'alive';
    if (process.platform !== 'linux')
      return (
        execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' }).trim() ||
        undefined
      );
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\)\s/s, '')
      .split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

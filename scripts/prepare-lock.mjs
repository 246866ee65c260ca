import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** One preparation of a clone at a time: `npm ci` empties node_modules under whoever else is using it. */
export async function withLock(folder, work) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = path.join(folder, 'prepare.lock');
  for (let waited = false; !take(file); waited = true) {
    if (!waited) console.log('Another start is preparing this clone; waiting for it …');
    await sleep(500);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (!isAlive(readHolder(file))) rmSync(file, { force: true });
    return false;
  }
}

function readHolder(file) {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch {
    return 0;
  }
}

/** A holder that has not written its pid yet counts as alive for as long as its file is empty: the next look sees it. */
function isAlive(pid) {
  if (pid === 0) return true;
  try {
    process.kill(pid, 0);
    return pid !== process.pid;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

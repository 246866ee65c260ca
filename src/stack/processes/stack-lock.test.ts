import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { identityOf } from './process-table';
import { lockStack } from './stack-lock';

describe('lockStack', () => {
  let home: string;
  beforeEach(() => (home = mkdtempSync(path.join(os.tmpdir(), 'stack-lock-'))));
  afterEach(() => rmSync(home, { recursive: true }));
  const runningAs = (identity: { pid: number; startedAt: string }) =>
    writeFileSync(
      path.join(home, 'running.json'),
      JSON.stringify({ ...identity, purpose: 'serving http://127.0.0.1:8000' }),
    );

  it('names the process that uses the folder', async () => {
    const other = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' });
    try {
      runningAs(identityOf(other.pid!));
      await expect(lockStack(home, 'serving http://127.0.0.1:9000')).rejects.toThrow(
        `Another Taskloom process (pid ${other.pid}, serving http://127.0.0.1:8000) uses ${home}`,
      );
    } finally {
      other.kill('SIGKILL');
    }
  });

  it('takes over from a start that was killed, even when its pid lives on in another process', async () => {
    runningAs({ pid: process.ppid, startedAt: 'long ago' });
    const unlock = await lockStack(home, 'serving http://127.0.0.1:9000');
    unlock();
    const again = await lockStack(home, 'serving http://127.0.0.1:9000');
    again();
  });
});

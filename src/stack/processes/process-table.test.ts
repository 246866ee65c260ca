import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { identityOf, isAlive, stopLeftover, stopProcess } from './process-table';

describe('processes of others', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'process-table-'));
  const pidFile = path.join(folder, 'server.pid');
  afterAll(() => rmSync(folder, { recursive: true }));

  /** An argument marks the process, so that the test recognises it by its command line. */
  function launch(
    mark: string,
    script = 'setInterval(() => undefined, 1000)',
  ): Promise<{ pid: number; exited: Promise<unknown> }> {
    const child = spawn(process.execPath, ['-e', `${script}; console.log('up')`, mark], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const exited = new Promise((resolve) => child.once('exit', (_code, signal) => resolve(signal)));
    return new Promise((resolve) => child.stdout.once('data', () => resolve({ pid: child.pid!, exited })));
  }

  it('stops a leftover whose command line bears its marks', async () => {
    const leftover = await launch('/data/one');
    writeFileSync(pidFile, `${leftover.pid}\nmore lines\n`);
    expect(await stopLeftover(pidFile, ['/data/one'], [['SIGTERM', 5_000]])).toBe(true);
    expect(await leftover.exited).toBe('SIGTERM');
  });

  it('does not touch a process that was given the pid later', async () => {
    const stranger = await launch('/data/two');
    writeFileSync(pidFile, `${stranger.pid}\n`);
    expect(await stopLeftover(pidFile, ['/data/one'], [['SIGKILL', 5_000]])).toBe(false);
    expect(isAlive(identityOf(stranger.pid))).toBe(true);
    await stopProcess(stranger.pid, [['SIGKILL', 5_000]]);
  });

  it('takes the next signal when the first is not heeded', async () => {
    const stubborn = await launch(
      '/data/three',
      `process.on('SIGTERM', () => undefined); setInterval(() => undefined, 1000)`,
    );
    expect(
      await stopProcess(stubborn.pid, [
        ['SIGTERM', 200],
        ['SIGKILL', 5_000],
      ]),
    ).toBe(true);
    expect(await stubborn.exited).toBe('SIGKILL');
  });

  it('knows a process from an earlier one with the same pid', () => {
    expect(isAlive(identityOf(process.pid))).toBe(true);
    expect(isAlive({ pid: process.pid, startedAt: 'another time' })).toBe(false);
    expect(isAlive({ pid: 2 ** 22 + 1, startedAt: '1' })).toBe(false);
  });
});

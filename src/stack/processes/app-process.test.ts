import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startAppProcess, type AppProcessOptions } from './app-process';

describe('startAppProcess', () => {
  let folder: string;
  let said: string[];
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'app-process-'));
    said = [];
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const start = (script: string, more: Partial<AppProcessOptions> = {}) => {
    const entry = path.join(folder, 'entry.js');
    writeFileSync(entry, `const fs = require('node:fs'); const path = require('node:path');\n${script}`);
    return startAppProcess({
      name: 'API',
      entry,
      env: process.env,
      logFile: path.join(folder, 'api.log'),
      graceMs: 5_000,
      signal: new AbortController().signal,
      restartDelayMs: 1,
      say: (line) => said.push(line.replace(/process \d+/, 'process N').replaceAll(folder, '')),
      ...more,
    });
  };
  const count = () =>
    existsSync(path.join(folder, 'starts')) ? readFileSync(path.join(folder, 'starts'), 'utf8').length : 0;
  const COUNTS = `fs.appendFileSync(path.join(__dirname, 'starts'), 'x');`;
  const HANGS = `${COUNTS} setInterval(() => undefined, 1000);`;
  const SERVES = `${HANGS} process.on('SIGTERM', () => process.exit(0)); process.send('ready');`;
  const IS_FIRST = `fs.readFileSync(path.join(__dirname, 'starts'), 'utf8') === 'x'`;

  it('waits until the process is ready, and stops it', async () => {
    const app = await start(SERVES);
    expect(count()).toBe(1);
    await app.stop();
  });

  it('starts it again when it dies, and gives up on one that keeps dying, with the end of its log', async () => {
    const app = await start(
      `${COUNTS} console.log('out of luck'); process.send('ready', () => setTimeout(() => process.exit(3), 50));`,
      { maxCrashes: 2 },
    );
    const error = await app.gaveUp;
    expect(error.message).toMatch(/API crashed 3 times in a row \(exit code 3\)[^]*out of luck/);
    expect(count()).toBe(3);
    const restart = (n: number) =>
      'API (process N) has ended unasked: exit code 3. ' +
      `It is started again in ${n / 1_000} s (restart ${n} of at most 2 within 120 s). Its log: /api.log`;
    expect(said.filter((line) => !line.includes('ready again'))).toEqual([
      restart(1),
      restart(2),
      'API (process N) has ended unasked: exit code 3, 3 times within 120 s by now. ' +
        'It is not started again, and everything stops. Its log: /api.log',
    ]);
  });

  it('starts it again on request from the code that is there now, which is no crash', async () => {
    const app = await start(SERVES, { maxCrashes: 0 });
    writeFileSync(
      path.join(folder, 'entry.js'),
      `require('node:fs').writeFileSync(__dirname + '/starts', 'new');
       process.on('SIGTERM', () => process.exit(0)); setInterval(() => undefined, 1000); process.send('ready');`,
    );
    await app.restart();
    for (let look = 0; look < 500 && count() !== 3; look += 1) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(count()).toBe(3);
    expect(said.filter((line) => line.includes('unasked'))).toEqual([]);
    await app.stop();
  });

  it('a requested restart does not wait for the delay after a crash', async () => {
    const app = await start(`${COUNTS} process.send('ready', () => setTimeout(() => process.exit(3), 50));`, {
      restartDelayMs: 1_000_000,
      maxCrashes: Infinity,
    });
    for (let look = 0; look < 500 && said.length === 0; look += 1)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(said[0]).toContain('It is started again in 10 s (restart 1 within 120 s)');
    await app.restart();
    for (let look = 0; look < 100 && count() < 2; look += 1) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(count()).toBe(2);
    await app.stop();
  });

  it('says which signal ended it, and when it is ready again', async () => {
    const app = await start(`fs.writeFileSync(path.join(__dirname, 'pid'), String(process.pid)); ${SERVES}`);
    process.kill(Number(readFileSync(path.join(folder, 'pid'), 'utf8')), 'SIGKILL');
    while (said.length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(said).toEqual([
      expect.stringContaining('has ended unasked: ended by SIGKILL. It is started again'),
      'API is ready again (process N)',
    ]);
    await app.stop();
    expect(said).toHaveLength(2);
  });

  it('makes a restart end that hangs before it is ready', async () => {
    const app = await start(`${HANGS} if (${IS_FIRST}) process.send('ready', () => process.exit(0));`, {
      maxCrashes: 1,
      readyTimeoutMs: 2_000,
    });
    expect((await app.gaveUp).message).toContain('ended by SIGKILL');
    expect(said).toEqual([
      expect.stringContaining('has ended unasked: exit code 0.'),
      expect.stringContaining('has ended unasked: ended by SIGKILL, 2 times within 120 s by now'),
    ]);
  });

  it('fails with the end of the log when the first start does not come up', async () => {
    await expect(start(`console.error('no such database'); process.exit(1);`)).rejects.toThrow(
      /API does not start \(exit code 1\)[^]*no such database/,
    );
    await expect(start('setInterval(() => undefined, 1000);', { readyTimeoutMs: 300 })).rejects.toThrow(
      /not ready within 0.3 s/,
    );
  });

  it('does not start again what was stopped on purpose', async () => {
    const app = await start(SERVES);
    app.kill();
    await app.stop();
    // A restart would come before the start of another one is ready.
    const next = await start(SERVES);
    expect(count()).toBe(2);
    await next.stop();
  });
});

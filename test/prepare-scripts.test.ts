import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { identityOf, isAlive } from '../src/stack/processes/process-table';

const SCRIPTS = path.resolve(__dirname, '../scripts');

describe('scripts/prepare.mjs', () => {
  let project: string;
  beforeEach(() => {
    project = mkdtempSync(path.join(os.tmpdir(), 'prepare-'));
    write('package-lock.json', {
      packages: {
        '': { name: 'x' },
        'node_modules/a': { version: '1.0.0' },
        'node_modules/other-platform': { version: '1.0.0', optional: true },
      },
    });
    write('src/one.ts', 'export {}');
  });
  afterEach(() => rmSync(project, { recursive: true }));

  function write(name: string, content: unknown): void {
    const file = path.join(project, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  }

  /** The scripts are ES modules for a Node without dependencies: asked in a process of their own. */
  async function ask(script: string, expression: string): Promise<string> {
    const code = `import * as step from ${JSON.stringify(pathToFileURL(path.join(SCRIPTS, script)).href)}; const project = ${JSON.stringify(project)}; console.log(await step.${expression});`;
    return (await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code])).stdout.trim();
  }
  const areCurrent = () => ask('install-step.mjs', 'areDependenciesCurrent(project)');

  it('installs when nothing is there, when an install was cut short, and when the lock file moved on', async () => {
    expect(await areCurrent()).toBe('false');
    write('node_modules/a/package.json', {});
    expect(await areCurrent()).toBe('false');
    write('node_modules/.package-lock.json', { packages: { 'node_modules/a': { version: '1.0.0' } } });
    expect(await areCurrent()).toBe('true');
    write('package-lock.json', { packages: { '': {}, 'node_modules/a': { version: '1.0.1' } } });
    expect(await areCurrent()).toBe('false');
    write('package-lock.json', {
      packages: { '': {}, 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { version: '2.0.0' } },
    });
    expect(await areCurrent()).toBe('false');
  });

  it('builds when a source changed, came or went, and not when it was only touched', async () => {
    const hash = () => ask('build-step.mjs', 'sourcesHash(project)');
    const first = await hash();
    expect(await ask('build-step.mjs', 'isBuildCurrent(project)')).toBe('false');
    write('dist/.sources.sha256', first);
    utimesSync(path.join(project, 'src/one.ts'), new Date(), new Date());
    write('src/one.test.ts', 'tests are not built');
    expect(await ask('build-step.mjs', 'isBuildCurrent(project)')).toBe('true');
    write('src/deep/two.ts', 'export {}');
    const second = await hash();
    write('src/one.ts', 'export const one = 1');
    const third = await hash();
    rmSync(path.join(project, 'src/deep'), { recursive: true });
    expect(new Set([first, second, third, await hash()]).size).toBe(4);
    expect(await ask('build-step.mjs', 'isBuildCurrent(project)')).toBe('false');
  });

  it('waits for a preparation that goes on, and not for one that was killed', async () => {
    const holder = spawn(process.execPath, ['-e', 'setTimeout(() => undefined, 60_000)'], { stdio: 'ignore' });
    write('prepare.lock', identityOf(holder.pid!));
    let isDone = false;
    const waiting = ask('prepare-lock.mjs', `withLock(project, () => 'prepared')`).finally(() => (isDone = true));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(isDone).toBe(false);
    holder.kill('SIGKILL');
    expect(await waiting).toMatch(/waiting for it[^]*prepared$/);
    expect(existsSync(path.join(project, 'prepare.lock'))).toBe(false);
  });

  it('does not wait for a stranger that has the pid of one that was killed', async () => {
    write('prepare.lock', { ...identityOf(process.pid), startedAt: '1' });
    expect(await ask('prepare-lock.mjs', `withLock(project, () => 'prepared')`)).toMatch(/prepared$/);
  });

  it.each([
    ['when it is told to', {}, 'exec "$0" "$1"'],
    [
      'when the npm that runs it is killed, whose shell passes nothing on',
      { npm_lifecycle_event: 'prestart' },
      '"$0" "$1"; true',
    ],
  ])('stops a step that is under way %s', async (_when, env, command) => {
    const pidFile = path.join(project, 'pid');
    const url = (script: string) => JSON.stringify(pathToFileURL(path.join(SCRIPTS, script)).href);
    const step = `require('node:fs').writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); setInterval(() => undefined, 1000);`;
    write(
      'run.mjs',
      `import { runLongStep } from ${url('long-step.mjs')}; import { stopSignal } from ${url('stop-signal.mjs')};
      await runLongStep('Installing', [process.execPath, '-e', ${JSON.stringify(step)}], '.', stopSignal());`,
    );
    const shell = spawn('/bin/sh', ['-c', command, process.execPath, path.join(project, 'run.mjs')], {
      env: { ...process.env, npm_lifecycle_event: undefined, ...env },
      stdio: 'ignore',
    });
    while (!existsSync(pidFile) || readFileSync(pidFile, 'utf8') === '')
      await new Promise((resolve) => setTimeout(resolve, 50));
    const installer = identityOf(Number(readFileSync(pidFile, 'utf8')));
    expect(isAlive(installer)).toBe(true);
    shell.kill('SIGTERM');
    // Jest's own time limit ends a wait in vain.
    while (isAlive(installer)) await new Promise((resolve) => setTimeout(resolve, 50));
  });
});

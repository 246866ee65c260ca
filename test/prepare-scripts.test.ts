import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { identityOf, isAlive } from '../src/stack/processes/process-table';

const SCRIPTS = path.resolve(__dirname, '../scripts');
/** The URL of a script, as a string literal of JavaScript. */
const urlOf = (script: string) => JSON.stringify(pathToFileURL(path.join(SCRIPTS, script)).href);

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

  /** Evaluates `expression` on a script's exports in a new process, because the scripts are ES modules. */
  async function ask(script: string, expression: string, onOutput = (_text: string) => {}): Promise<string> {
    const code = `import * as step from ${urlOf(script)};
      const project = ${JSON.stringify(project)};
      console.log(await step.${expression});`;
    const asked = promisify(execFile)(process.execPath, ['--input-type=module', '-e', code]);
    asked.child.stdout?.on('data', (chunk: string) => onOutput(chunk));
    return (await asked).stdout.trim();
  }
  const areCurrent = () => ask('install-step.mjs', 'areDependenciesCurrent(project)');

  it('installs when nothing is installed, after an interrupted install, and when the lock file changed', async () => {
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

  it('builds when a source was changed, added or removed, and not when only its time changed', async () => {
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

  it('keeps a build of the present sources for tests; a start builds again what has no type check', async () => {
    const isCurrent = () => ask('build-step.mjs', 'isBuildCurrent(project)');
    const isBuiltForTests = () => ask('build-step.mjs', 'isBuiltForTests(project)');
    expect(await isBuiltForTests()).toBe('false');
    const hash = await ask('build-step.mjs', 'sourcesHash(project)');
    write('dist/.sources.sha256', hash);
    expect([await isCurrent(), await isBuiltForTests()]).toEqual(['true', 'true']);
    write('dist/.sources.sha256', `${hash} for tests`);
    expect([await isCurrent(), await isBuiltForTests()]).toEqual(['false', 'true']);
    write('src/one.ts', 'export const edited = 1');
    expect([await isCurrent(), await isBuiltForTests()]).toEqual(['false', 'false']);
  });

  it('waits for a running preparation, and not for a killed one', async () => {
    const holder = spawn(process.execPath, ['-e', 'setTimeout(() => undefined, 60_000)'], { stdio: 'ignore' });
    write('prepare.lock', identityOf(holder.pid!));
    const lock = path.join(project, 'prepare.lock');
    let isKept: boolean | undefined;
    const waiting = ask('prepare-lock.mjs', `withLock(project, () => 'prepared')`, (text) => {
      if (!text.includes('waiting for it')) return;
      isKept = existsSync(lock);
      holder.kill('SIGKILL');
    });
    expect(await waiting).toMatch(/waiting for it[^]*prepared$/);
    expect(isKept).toBe(true);
    expect(existsSync(lock)).toBe(false);
  });

  it('does not wait for an unrelated process with the pid of a killed preparation', async () => {
    write('prepare.lock', { ...identityOf(process.pid), startedAt: '1' });
    expect(await ask('prepare-lock.mjs', `withLock(project, () => 'prepared')`)).toMatch(/prepared$/);
  });

  it.each([
    ['on SIGTERM', {}, 'exec "$0" "$1"'],
    [
      'when the npm that runs it is killed and the shell passes no signal on',
      { npm_lifecycle_event: 'prestart' },
      '"$0" "$1"; true',
    ],
  ])('stops a running step %s', async (_when, env, command) => {
    const pidFile = path.join(project, 'pid');
    const step = `require('node:fs').writeFileSync(${JSON.stringify(pidFile)}, String(process.pid));
      setInterval(() => undefined, 1000);`;
    write(
      'run.mjs',
      `import { runLongStep } from ${urlOf('long-step.mjs')};
      import { stopSignal } from ${urlOf('stop-signal.mjs')};
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
    // Without an end, Jest's time limit fails the test.
    while (isAlive(installer)) await new Promise((resolve) => setTimeout(resolve, 50));
  });
});

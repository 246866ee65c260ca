import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { findTaskType } from '../../../src/tasks/registry';

const PROJECT = path.resolve(__dirname, '../../..');
/** What a checkout holds, without what was installed or built in it. */
const NOT_COPIED = ['node_modules', 'dist', 'dist.new', 'coverage', 'test-results', '.git', '.taskloom'];

let copy: string;
beforeAll(() => {
  copy = mkdtempSync(path.join(os.tmpdir(), 'taskloom-checkout-'));
  for (const entry of readdirSync(PROJECT).filter((name) => !NOT_COPIED.includes(name)))
    cpSync(path.join(PROJECT, entry), path.join(copy, entry), { recursive: true });
  symlinkSync(path.join(PROJECT, 'node_modules'), path.join(copy, 'node_modules'));
  // The rest of the tree is type-checked where it lies; reading all of it twice more takes a minute on a busy machine.
  const settings = JSON.parse(readFileSync(path.join(copy, 'tsconfig.json'), 'utf8')) as object;
  const include = ['src/tasks', 'test/support/task-context.ts'];
  writeFileSync(path.join(copy, 'tsconfig.json'), JSON.stringify({ ...settings, include }));
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

/** Runs a Node program in the copy. Answers null if it succeeds, otherwise what it printed. */
const run = (program: string, ...args: string[]): Promise<string | null> =>
  promisify(execFile)(process.execPath, [program, ...args], { cwd: copy, maxBuffer: 1 << 26 }).then(
    () => null,
    (error: { stdout: string; stderr: string }) => `${error.stdout}\n${error.stderr}`,
  );
const tool = (file: string) => path.join(PROJECT, 'node_modules', file);

/** The integration project's settings over these files; the servers are those of this run. */
function jestConfig(files: string[]): string {
  const { projects } = jest.requireActual<{ projects: Record<string, unknown>[] }>(path.join(copy, 'jest.config.js'));
  const { globalSetup, globalTeardown, ...settings } = projects.find((one) => one.displayName === 'integration') ?? {};
  expect([globalSetup, globalTeardown]).toEqual([expect.any(String), expect.any(String)]);
  return JSON.stringify({ ...settings, rootDir: copy, testMatch: files.map((file) => path.join(copy, file)) });
}

test('a new task type passes all checks with its file, its test and its entry in the registry', async () => {
  let name = 'TYPE_OF_A_TEST';
  while (findTaskType(name)) name += '_X';
  const file = `src/tasks/${name.toLowerCase().replaceAll('_', '-')}`;

  expect(await run('scripts/new-task-type.mjs', name)).toBeNull();
  for (const generated of ['docs/openapi.json', 'docs/task-type-reference.md', 'clients/typescript/src/schema.ts'])
    expect(readFileSync(path.join(copy, generated), 'utf8')).toContain(name);

  const written = [`${file}.ts`, `${file}.test.ts`, 'src/tasks/registry.ts'];
  const tests = [
    `${file}.test.ts`,
    'src/tasks/registry.test.ts',
    'test/generated-files.test.ts',
    'test/integration/configs/task-type-forms.test.ts',
  ];
  const [format, lint, rules] = await Promise.all([
    run(tool('prettier/bin/prettier.cjs'), '--check', ...written),
    run(tool('eslint/bin/eslint.js'), ...written),
    run(
      tool('dependency-cruiser/bin/dependency-cruise.mjs'),
      '--config',
      '.dependency-cruiser.cjs',
      '--preserve-symlinks',
      'src',
      'migrations',
    ),
  ]);
  const [types, jestRun] = await Promise.all([
    run(tool('typescript/bin/tsc'), '--noEmit', '--incremental', 'false', '--tsBuildInfoFile', 'null', '-p', '.'),
    run(
      tool('jest/bin/jest.js'),
      '--config',
      jestConfig(tests),
      '--maxWorkers',
      '1',
      '--testTimeout',
      '60000',
      '--forceExit',
    ),
  ]);
  expect({ format, lint, rules, types, jestRun }).toEqual({
    format: null,
    lint: null,
    rules: null,
    types: null,
    jestRun: null,
  });
}, 300_000);

import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PROJECT = path.resolve(__dirname, '..');
const SCRIPT = path.join(PROJECT, 'scripts/new-task-type.mjs');

let room: string;
let tasks: string;
beforeEach(() => {
  room = mkdtempSync(path.join(tmpdir(), 'taskloom-new-task-type-'));
  symlinkSync(path.join(PROJECT, 'node_modules'), path.join(room, 'node_modules'));
  tasks = path.join(room, 'tasks');
  cpSync(path.join(PROJECT, 'src/tasks'), tasks, { recursive: true });
});
afterEach(() => rmSync(room, { recursive: true, force: true }));

/** Answers what jest says of one test file in the room. */
function runTest(file: string): Promise<string> {
  const transform = {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
    ],
  };
  const config = JSON.stringify({ rootDir: room, testEnvironment: 'node', transform });
  const program = path.join(PROJECT, 'node_modules/jest/bin/jest.js');
  return run(process.execPath, [program, '--config', config, file]).then(
    ({ stderr }) => stderr,
    (error: { stderr: string }) => error.stderr,
  );
}

test('the starter is listed, and its test passes', async () => {
  await run(process.execPath, [SCRIPT, 'GREET_ALL2_USERS', tasks]);
  const registry = readFileSync(path.join(tasks, 'registry.ts'), 'utf8');
  expect(registry).toContain("import { greetAll2Users } from './greet-all2-users';\n");
  expect(registry).toMatch(/taskTypes: readonly TaskType\[\] = \[\n {2}greetAll2Users,\n {2}redditScrape,\n/);
  expect(await runTest('greet-all2-users')).toMatch(/Tests: +2 passed, 2 total/);
});

/** What TypeScript says of the room. */
const check = () =>
  run(process.execPath, [path.join(PROJECT, 'node_modules/typescript/bin/tsc'), '--noEmit', '-p', room]).then(
    () => '',
    (error: { stdout: string }) => error.stdout,
  );

test('a name that means something already gets a const of another, and the project still compiles', async () => {
  symlinkSync(path.join(PROJECT, 'src/platform'), path.join(room, 'platform'));
  writeFileSync(
    path.join(room, 'tsconfig.json'),
    JSON.stringify({
      extends: path.join(PROJECT, 'tsconfig.json'),
      compilerOptions: { rootDir: '/', typeRoots: [path.join(PROJECT, 'node_modules/@types')] },
      include: ['tasks/*.ts'],
    }),
  );
  const names = [
    'CLASS',
    'EXPORT',
    'DELETE',
    'NEW',
    'AWAIT',
    'LET',
    'EVAL',
    'UNDEFINED',
    'MODULE',
    'REQUIRE',
    'EXPORTS',
    'TEST',
    'TASK_TYPES',
    'Z',
    'DEFINE_TASK_TYPE',
    'FIND_TASK_TYPE',
    'BY_NAME',
    'CONTEXT',
    'PARAMETERS',
    'NAME',
    'TYPE',
    'ASYNC',
    'STRING',
  ];
  for (const name of names) await run(process.execPath, [SCRIPT, name, tasks]);
  expect(readFileSync(path.join(tasks, 'registry.ts'), 'utf8')).toContain("import { classTask } from './class';\n");
  expect(await check()).toBe('');
  for (const file of ['class', 'z', 'context'])
    expect(await runTest(`tasks/${file}.test.ts`)).toMatch(/Tests: +2 passed, 2 total/);
}, 120_000);

test.each([
  ['TASK_TYPE', 'is there already'],
  ['REGISTRY', 'is there already'],
  ['TEST_SHORT_TIMEOUT', 'names TEST_SHORT_TIMEOUT already'],
])('%s is taken: nothing is written', async (name, reason) => {
  const before = [readdirSync(tasks), readFileSync(path.join(tasks, 'registry.ts'), 'utf8')];
  await expect(run(process.execPath, [SCRIPT, name, tasks])).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining(reason),
  });
  expect([readdirSync(tasks), readFileSync(path.join(tasks, 'registry.ts'), 'utf8')]).toEqual(before);
});

test.each([[[]], [['lower_case']], [['TRAILING_']], [['../ESCAPE']], [['X'.repeat(51)]]])(
  '%j is no name: nothing is written',
  async (args) => {
    const before = readdirSync(tasks);
    await expect(run(process.execPath, [SCRIPT, ...args, ...(args.length ? [tasks] : [])])).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Give a name in upper case'),
    });
    expect(readdirSync(tasks)).toEqual(before);
  },
);

test('what is there is not written over', async () => {
  const before = readFileSync(path.join(tasks, 'health-check.ts'), 'utf8');
  await expect(run(process.execPath, [SCRIPT, 'HEALTH_CHECK', tasks])).rejects.toMatchObject({
    stderr: expect.stringContaining('is there already'),
  });
  expect(readFileSync(path.join(tasks, 'health-check.ts'), 'utf8')).toBe(before);
});

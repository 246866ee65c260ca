import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PROJECT = path.resolve(__dirname, '..');

let project: string;
let tasks: string;
beforeEach(() => {
  project = mkdtempSync(path.join(tmpdir(), 'taskloom-new-task-type-'));
  tasks = path.join(project, 'src/tasks');
  mkdirSync(path.join(project, 'test/support'), { recursive: true });
  cpSync(path.join(PROJECT, 'src/tasks'), tasks, { recursive: true });
  for (const other of readdirSync(path.join(PROJECT, 'src')).filter((name) => name !== 'tasks'))
    symlinkSync(path.join(PROJECT, 'src', other), path.join(project, 'src', other));
  symlinkSync(path.join(PROJECT, 'node_modules'), path.join(project, 'node_modules'));
  cpSync(path.join(PROJECT, 'test/support/task-context.ts'), path.join(project, 'test/support/task-context.ts'));
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

const generate = (...args: string[]) =>
  run(process.execPath, [
    path.join(PROJECT, 'scripts/new-task-type.mjs'),
    ...args,
    '--project',
    project,
    '--no-generate',
  ]);
const readRegistry = () => readFileSync(path.join(tasks, 'registry.ts'), 'utf8');
const fileOf = (name: string) => name.toLowerCase().replaceAll('_', '-');
const isTaken = (name: string) =>
  existsSync(path.join(tasks, `${fileOf(name)}.ts`)) || existsSync(path.join(tasks, fileOf(name)));

/** What jest reports of one test file in the project. */
function runTest(file: string): Promise<string> {
  const transform = {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
    ],
  };
  const config = JSON.stringify({ rootDir: project, testEnvironment: 'node', transform });
  const program = path.join(PROJECT, 'node_modules/jest/bin/jest.js');
  return run(process.execPath, [program, '--config', config, file]).then(
    ({ stderr }) => stderr,
    (error: { stderr: string }) => error.stderr,
  );
}

/** What TypeScript reports of the project. */
const check = () => {
  const compilerOptions = { rootDir: '/', typeRoots: [path.join(PROJECT, 'node_modules/@types')], incremental: false };
  writeFileSync(
    path.join(project, 'tsconfig.json'),
    JSON.stringify({
      extends: path.join(PROJECT, 'tsconfig.json'),
      compilerOptions: { ...compilerOptions, tsBuildInfoFile: null },
      include: ['src/tasks/*.ts', 'test'],
    }),
  );
  return run(process.execPath, [path.join(PROJECT, 'node_modules/typescript/bin/tsc'), '--noEmit', '-p', project]).then(
    () => '',
    (error: { stdout: string }) => error.stdout,
  );
};

test('the starter is listed, and its test passes', async () => {
  // Whatever types have been added to the tree.
  let name = 'GREET_ALL2_USERS';
  while (isTaken(name)) name += '_X';
  const file = fileOf(name);
  const variable = file.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  const [, first] = /taskTypes: readonly TaskType\[\] = \[\n {2}(\w+),\n/.exec(readRegistry()) ?? [];
  await generate(name);
  expect(readRegistry()).toContain(`import { ${variable} } from './${file}';\n`);
  expect(readRegistry()).toContain(`taskTypes: readonly TaskType[] = [\n  ${variable},\n  ${first},\n`);
  expect(await runTest(file)).toMatch(/Tests: +2 passed, 2 total/);
});

test('a name that means something already gets a const of another, and the project still compiles', async () => {
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
    'CREATE_TEST_CONTEXT',
    'PARAMETERS',
    'NAME',
    'TYPE',
    'ASYNC',
    'STRING',
  ];
  for (const name of names.filter((one) => !isTaken(one))) await generate(name);
  expect(readRegistry()).toContain("import { classTask } from './class';\n");
  expect(await check()).toBe('');
  for (const file of ['class', 'z', 'context'])
    expect(await runTest(`src/tasks/${file}.test.ts`)).toMatch(/Tests: +2 passed, 2 total/);
}, 120_000);

test.each([
  ['TASK_TYPE', 'is there already'],
  ['REGISTRY', 'is there already'],
  ['TEST_SHORT_TIMEOUT', 'names TEST_SHORT_TIMEOUT already'],
])('%s is taken: nothing is written', async (name, reason) => {
  const before = [readdirSync(tasks), readRegistry()];
  await expect(generate(name)).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining(reason) });
  expect([readdirSync(tasks), readRegistry()]).toEqual(before);
});

test.each([
  [[]],
  [['lower_case']],
  [['TRAILING_']],
  [['../ESCAPE']],
  [['X'.repeat(51)]],
  [['TWO', 'NAMES']],
  [['--nonsense']],
])('%j is no name: nothing is written', async (args) => {
  const before = readdirSync(tasks);
  await expect(generate(...args)).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('Give a name in upper case'),
  });
  expect(readdirSync(tasks)).toEqual(before);
});

test('what is there is not written over', async () => {
  const before = readFileSync(path.join(tasks, 'health-check.ts'), 'utf8');
  await expect(generate('HEALTH_CHECK')).rejects.toMatchObject({
    stderr: expect.stringContaining('is there already'),
  });
  expect(readFileSync(path.join(tasks, 'health-check.ts'), 'utf8')).toBe(before);
});

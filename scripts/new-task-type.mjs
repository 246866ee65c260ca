/**
 * Writes a starter task type with its test, and lists it: `npm run new-task-type -- SUBREDDIT_SIZES`.
 * A second argument names another folder than src/tasks.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const [name, folder = path.resolve(import.meta.dirname, '..', 'src', 'tasks')] = process.argv.slice(2);

function fail(message) {
  console.error(message);
  process.exit(1);
}
if (!name || !/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/.test(name) || name.length > 50)
  fail('Give a name in upper case, 50 characters at most, such as: npm run new-task-type -- SUBREDDIT_SIZES');

const file = name.toLowerCase().replaceAll('_', '-');
const camelCase = name.toLowerCase().replace(/_(.)/g, (_, letter) => letter.toUpperCase());
const sourceOf = (variable) => `import { z } from 'zod';
import { defineTaskType } from './task-type';

export const ${variable} = defineTaskType({
  name: '${name}',
  summary: 'Says hello (one sentence: it is shown in the API docs and in the Temporal Web UI)',
  parameters: z.strictObject({
    greeting: z.string().min(1).max(200).default('hello').describe('Shown beside the field in a form'),
  }),
  async run(context, parameters) {
    // Pass context.signal to everything that waits, and call context.saveCursor() after each step of long work.
    context.signal.throwIfAborted();
    return { config_id: context.configId, message: parameters.greeting, timestamp: new Date().toISOString() };
  },
});
`;

const testOf = (variable) => `import { ${variable} } from './${file}';
import type { TaskContext } from './task-type';

const context = { configId: 7, signal: new AbortController().signal } as TaskContext;

test('says what it was told to say', async () => {
  await expect(${variable}.run(context, ${variable}.parameters.parse({ greeting: 'good day' }))).resolves.toMatchObject({ config_id: 7, message: 'good day' });
});

test('refuses parameters that it does not know', () => {
  expect(${variable}.parameters.safeParse({ volume: 11 }).success).toBe(false);
});
`;

/** What CommonJS and TypeScript claim in every module, and Jest in every test. */
const WORDS_OF_MODULES = 'exports module require describe it jest any unknown never';
const registryFile = path.join(folder, 'registry.ts');
const registry = readFileSync(registryFile, 'utf8');
for (const taken of [`${file}.ts`, `${file}.test.ts`, file])
  if (existsSync(path.join(folder, taken))) fail(`${path.join(folder, taken)} is there already: nothing was written`);

const declared = readdirSync(folder).find(
  (one) =>
    one.endsWith('.ts') &&
    !one.endsWith('.test.ts') &&
    readFileSync(path.join(folder, one), 'utf8').includes(`'${name}'`),
);
if (declared) fail(`${path.join(folder, declared)} names ${name} already: nothing was written`);

/** Whether the name is neither a reserved word nor used for something else in the files that it is written into. */
const isFree = (word) => {
  try {
    // An async function in strict mode reserves what a module does.
    Function(`'use strict'; async () => { const ${word} = 0; };`);
  } catch {
    return false;
  }
  const used = `${registry} ${sourceOf('')} ${testOf('')} ${WORDS_OF_MODULES}`;
  return !(word in globalThis) && !new RegExp(`\\b${word}\\b`).test(used);
};
const variable = [camelCase, `${camelCase}Task`].find(isFree);
if (!variable)
  fail(
    `${name} cannot be told apart from what registry.ts or the starter use already; give another name: nothing was written`,
  );

const importLine = `import { ${variable} } from './${file}';\n`;
const listed = registry
  .replace(/(?=import type \{ TaskType \})/, importLine)
  // In the list, before the task types for trying things out.
  .replace(
    /(export const taskTypes[^\]]*\[\]\s*=\s*\[)([\s\S]*?)(\];)/,
    (_, start, list, end) =>
      `${start}\n  ${variable},\n  ${list.trim().split(/,\s*/).filter(Boolean).join(',\n  ')},\n${end}`,
  );
if (!listed.includes(importLine) || !listed.includes(`  ${variable},\n`))
  fail(`${registryFile} has another shape than expected: nothing was written`);

writeFileSync(path.join(folder, `${file}.ts`), sourceOf(variable), { flag: 'wx' });
writeFileSync(path.join(folder, `${file}.test.ts`), testOf(variable), { flag: 'wx' });
writeFileSync(registryFile, listed);
console.log(
  `${name}: ${path.join(folder, `${file}.ts`)}, its test beside it, listed in registry.ts. Now: npx jest ${file}`,
);

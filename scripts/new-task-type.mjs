/**
 * Writes a starter task type with its test, and lists it: `npm run new-task-type -- SUBREDDIT_SIZES`.
 * A second argument names another folder than src/tasks.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const [name, folder = path.resolve(import.meta.dirname, '..', 'src', 'tasks')] = process.argv.slice(2);

function fail(message) {
  console.error(message);
  process.exit(1);
}
if (!name || !/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/.test(name) || name.length > 50) fail('Give a name in upper case, 50 characters at most, such as: npm run new-task-type -- SUBREDDIT_SIZES');

const file = name.toLowerCase().replaceAll('_', '-');
const variable = name.toLowerCase().replace(/_(.)/g, (_, letter) => letter.toUpperCase());
const registryFile = path.join(folder, 'registry.ts');
const registry = readFileSync(registryFile, 'utf8');
for (const taken of [`${file}.ts`, `${file}.test.ts`, file]) if (existsSync(path.join(folder, taken))) fail(`${path.join(folder, taken)} is there already: nothing was written`);

const importLine = `import { ${variable} } from './${file}';\n`;
const listed = registry
  .replace(/(?=import type \{ TaskType \})/, importLine)
  // Inside the list, before whatever tries things out.
  .replace(/(export const taskTypes[^\]]*\[\]\s*=\s*\[)([\s\S]*?)(\];)/, (_, start, list, end) => `${start}\n  ${variable},\n  ${list.trim().split(/,\s*/).filter(Boolean).join(',\n  ')},\n${end}`);
if (!listed.includes(importLine) || !listed.includes(`  ${variable},\n`)) fail(`${registryFile} has another shape than expected: nothing was written`);

const source = `import { z } from 'zod';
import { defineTaskType } from './task-type';

export const ${variable} = defineTaskType({
  name: '${name}',
  summary: 'Says hello (one sentence: it is shown in the API docs and in the Temporal Web UI)',
  parameters: z.strictObject({
    greeting: z.string().min(1).max(200).default('hello').describe('Shown beside the field in a form'),
  }),
  async run(context, parameters) {
    // Pass context.signal on to whatever waits, and call context.saveCursor() after each step of long work.
    context.signal.throwIfAborted();
    return { config_id: context.configId, message: parameters.greeting, timestamp: new Date().toISOString() };
  },
});
`;

const test = `import { ${variable} } from './${file}';
import type { TaskContext } from './task-type';

const context = { configId: 7, signal: new AbortController().signal } as TaskContext;

test('says what it was told to say', async () => {
  await expect(${variable}.run(context, ${variable}.parameters.parse({ greeting: 'good day' }))).resolves.toMatchObject({ config_id: 7, message: 'good day' });
});

test('refuses parameters that it does not know', () => {
  expect(${variable}.parameters.safeParse({ volume: 11 }).success).toBe(false);
});
`;

writeFileSync(path.join(folder, `${file}.ts`), source, { flag: 'wx' });
writeFileSync(path.join(folder, `${file}.test.ts`), test, { flag: 'wx' });
writeFileSync(registryFile, listed);
console.log(`${name}: ${path.join(folder, `${file}.ts`)}, its test beside it, listed in registry.ts. Now: npx jest ${file}`);

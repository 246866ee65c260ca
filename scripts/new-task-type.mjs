/**
 * Writes a starter task type with its test, lists it in the registry, and regenerates what is written from the
 * registry: `npm run new-task-type -- SUBREDDIT_SIZES`.
 *
 * Options: `--project FOLDER` works on another checkout; `--no-generate` leaves the generated files as they are.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

const MAX_NAME_LENGTH = 50;
/** Names that CommonJS and TypeScript define in every module, and Jest in every test. */
const NAMES_OF_MODULES = 'exports module require describe it jest any unknown never';
/** The npm that runs this script, or else the one on the PATH. */
const NPM = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm'];

function fail(message) {
  console.error(message);
  process.exit(1);
}

const sourceOf = (name, variable) => `import { z } from 'zod';
import { defineTaskType } from './task-type';

export const ${variable} = defineTaskType({
  name: '${name}',
  summary: 'Says hello (one sentence: it is shown in the API docs and in the Temporal Web UI)',
  parameters: z.strictObject({
    greeting: z.string().min(1).max(200).default('hello').describe('Shown beside the field in a form'),
  }),
  examples: {
    accepted: [{ greeting: 'good day' }, {}],
    refused: [
      { parameters: { greeting: '' }, at: 'greeting' },
      { parameters: { volume: 11 }, at: 'volume' },
    ],
  },
  async run(context, parameters) {
    // Pass context.signal on to whatever waits, and call context.saveCursor() after each step of long work.
    context.signal.throwIfAborted();
    return { config_id: context.configId, message: parameters.greeting, timestamp: new Date().toISOString() };
  },
});
`;

const testOf = (file, variable) => `import { createTestContext } from '../../test/support/task-context';
import { ${variable} } from './${file}';

test('answers the greeting', async () => {
  const parameters = ${variable}.parameters.parse({ greeting: 'good day' });
  await expect(${variable}.run(createTestContext(), parameters)).resolves.toMatchObject({ message: 'good day' });
});

test('stops when it is cancelled', async () => {
  const context = createTestContext({ signal: AbortSignal.abort(new Error('cancelled')) });
  await expect(${variable}.run(context, ${variable}.parameters.parse({}))).rejects.toThrow('cancelled');
});
`;

/** Whether a const may have this name: not a word of the language, and not in use in a file that it gets into. */
function isFree(word, registry) {
  try {
    // An async function in strict mode reserves the words that a module does.
    Function(`'use strict'; async () => { const ${word} = 0; };`);
  } catch {
    return false;
  }
  const used = `${registry} ${sourceOf('', '')} ${testOf('', '')} ${NAMES_OF_MODULES}`;
  return !(word in globalThis) && !new RegExp(`\\b${word}\\b`).test(used);
}

/** The registry with an import in alphabetical order and the type as the first of the list; undefined if unreadable. */
function listIn(registry, variable, file) {
  const line = `import { ${variable} } from './${file}';\n`;
  const imports = [...registry.matchAll(/^import \{.*\} from '\.\/(.*)';\n/gm)];
  const next = imports.find(([, other]) => other > file);
  const at = next?.index ?? registry.search(/^import type /m);
  const list = /(export const taskTypes[^\]]*\[\]\s*=\s*\[)([^\]]*)(\];)/;
  if (at < 0 || !list.test(registry)) return undefined;
  return (registry.slice(0, at) + line + registry.slice(at)).replace(list, (_, start, entries, end) => {
    const names = entries.split(',').flatMap((entry) => entry.trim() || []);
    return `${start}\n${[variable, ...names].map((entry) => `  ${entry},\n`).join('')}${end}`;
  });
}

function readArguments() {
  const usage =
    `Give a name in upper case, ${MAX_NAME_LENGTH} characters at most, ` +
    'such as: npm run new-task-type -- SUBREDDIT_SIZES';
  try {
    const options = { project: { type: 'string' }, 'no-generate': { type: 'boolean', default: false } };
    const { values, positionals } = parseArgs({ allowPositionals: true, options });
    const [name = '', ...more] = positionals;
    if (more.length > 0 || !/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/.test(name) || name.length > MAX_NAME_LENGTH) fail(usage);
    const project = path.resolve(values.project ?? path.join(import.meta.dirname, '..'));
    return { name, project, isGenerating: !values['no-generate'] };
  } catch (error) {
    return fail(`${error.message}\n${usage}`);
  }
}

const { name, project, isGenerating } = readArguments();
const folder = path.join(project, 'src/tasks');
const registryFile = path.join(folder, 'registry.ts');
const file = name.toLowerCase().replaceAll('_', '-');
const relative = (one) => path.relative(project, path.join(folder, one));

for (const taken of [`${file}.ts`, `${file}.test.ts`, file])
  if (existsSync(path.join(folder, taken))) fail(`${relative(taken)} is there already: nothing was written`);
const declared = readdirSync(folder).find(
  (one) => /(?<!\.test)\.ts$/.test(one) && readFileSync(path.join(folder, one), 'utf8').includes(`'${name}'`),
);
if (declared) fail(`${relative(declared)} names ${name} already: nothing was written`);

const registry = readFileSync(registryFile, 'utf8');
const camelCase = name.toLowerCase().replace(/_(.)/g, (_, letter) => letter.toUpperCase());
const variable = [camelCase, `${camelCase}Task`].find((word) => isFree(word, registry));
if (!variable)
  fail(`registry.ts or the starter uses the word ${camelCase} already; give another name: nothing was written`);
const listed = listIn(registry, variable, file);
if (!listed) fail(`${relative('registry.ts')} has another shape than expected: nothing was written`);

writeFileSync(path.join(folder, `${file}.ts`), sourceOf(name, variable), { flag: 'wx' });
writeFileSync(path.join(folder, `${file}.test.ts`), testOf(file, variable), { flag: 'wx' });
writeFileSync(registryFile, listed);
console.log(
  `Written: ${relative(`${file}.ts`)}, ${relative(`${file}.test.ts`)}, and an entry in ${relative('registry.ts')}`,
);

if (isGenerating) {
  const [command, ...args] = [...NPM, 'run', '--silent', 'generate'];
  const { status, error } = spawnSync(command, args, { cwd: project, stdio: 'inherit' });
  if (status !== 0)
    fail(
      `${error ? `${error.message}\n` : ''}The task type is written, but the generated files are stale: ` +
        'npm run generate failed as said above. Mend it and run npm run generate again',
    );
}
console.log(`Next: npx jest ${file}. After each change of name, summary, parameters or adHocAccess: npm run generate`);

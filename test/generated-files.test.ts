import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { createOpenapiDocument } from '../src/api/openapi/openapi-document';
import { createTaskTypeReference } from '../src/api/openapi/task-type-reference';

const PROJECT = path.resolve(__dirname, '..');
const read = (file: string) => readFileSync(path.join(PROJECT, file), 'utf8');
const ADVICE = 'to regenerate: npm run generate';

test(`docs/openapi.json is generated from the routes (${ADVICE})`, async () => {
  expect(read('docs/openapi.json')).toBe(`${JSON.stringify(await createOpenapiDocument(), null, 2)}\n`);
});

test(`docs/task-type-reference.md is generated from the task types (${ADVICE})`, () => {
  expect(read('docs/task-type-reference.md')).toBe(createTaskTypeReference());
});

test(`the types of the TypeScript client are generated from docs/openapi.json (${ADVICE})`, async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'taskloom-client-'));
  try {
    const file = path.join(folder, 'schema.ts');
    const converter = path.join(PROJECT, 'node_modules/openapi-typescript/bin/cli.js');
    const args = [converter, 'docs/openapi.json', '--output', file];
    await promisify(execFile)(process.execPath, args, { cwd: PROJECT });
    expect(read('clients/typescript/src/schema.ts')).toBe(readFileSync(file, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

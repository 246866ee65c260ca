/**
 * Writes the files that are generated from routes and task types: docs/openapi.json, docs/task-type-reference.md, and
 * the types of the TypeScript client. It compiles each source as it is loaded, without a type check. That takes seconds
 * where a build takes minutes on a slow machine.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { transformFileSync } from '@swc/core';

const project = path.resolve(import.meta.dirname, '..');
const require = createRequire(import.meta.url);
require.extensions['.ts'] = (module, file) => {
  const { code } = transformFileSync(file, {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022', keepClassNames: true },
    module: { type: 'commonjs' },
    sourceMaps: 'inline',
    swcrc: false,
  });
  module._compile(code, file);
};

const { createOpenapiDocument } = require('../src/api/openapi/openapi-document.ts');
const { createTaskTypeReference } = require('../src/api/openapi/task-type-reference.ts');

const write = (file, text) => {
  writeFileSync(path.join(project, file), text);
  console.log(`${file} written`);
};
write('docs/openapi.json', `${JSON.stringify(await createOpenapiDocument(), null, 2)}\n`);
write('docs/task-type-reference.md', createTaskTypeReference());

const client = 'clients/typescript/src/schema.ts';
const converter = path.join(project, 'node_modules/openapi-typescript/bin/cli.js');
const { status, stderr } = spawnSync(process.execPath, [converter, 'docs/openapi.json', '--output', client], {
  cwd: project,
  encoding: 'utf8',
});
if (status !== 0) throw new Error(`openapi-typescript failed: ${stderr}`);
console.log(`${client} written`);

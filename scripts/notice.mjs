// `npm run notice`: writes the licences of the run-time dependencies to NOTICE. With --check it only compares.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as checker from 'license-checker-rseidelsohn';

const project = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const file = path.join(project, 'NOTICE');
const read = (name) => JSON.parse(readFileSync(path.join(project, name), 'utf8'));

const found = await promisify(checker.init)({ start: project, production: true, excludePrivatePackages: true });
const { packages } = read('package-lock.json');
/** Builds for one platform (os, cpu) differ between machines. Each has the licence of the package it belongs to. */
const platformBuilds = new Set(
  Object.entries(packages)
    .filter(([, { os, cpu }]) => os ?? cpu)
    .map(([place, { version }]) => `${place.replace(/^.*node_modules\//, '')}@${version}`),
);
const lines = Object.entries(found)
  .filter(([name]) => !platformBuilds.has(name))
  .map(([name, { licenses, publisher, repository }]) =>
    [name, [licenses].flat().join(', '), publisher, repository].filter(Boolean).join(' | '),
  );

const text = `\
Taskloom uses the following packages at run time. The text of each licence is in the package's folder under
node_modules. Builds for a single platform are left out; they have the licence of the package that they belong to.
Written by \`npm run notice\`.

package | licence | publisher | repository
${lines.join('\n')}
`;
if (!process.argv.includes('--check')) writeFileSync(file, text);
else if (readFileSync(file, 'utf8') !== text) {
  console.error('NOTICE is out of date: run `npm run notice`');
  process.exitCode = 1;
}

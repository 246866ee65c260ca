// `npm run mutation -- ROOM…`: mutates the files of these rooms of src, and shows which faults no unit test notices.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const project = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const tool = path.join(project, 'tools/mutation');
const rooms = process.argv.slice(2);

function run(command, args, cwd) {
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0) process.exit(status ?? 1);
}

const unknown = rooms.filter((room) => !existsSync(path.join(project, 'src', room)));
if (rooms.length === 0 || unknown.length > 0) {
  const fault = unknown.length > 0 ? `src has no ${unknown.join(', ')}. ` : '';
  console.error(`${fault}Name rooms or files of src: npm run mutation -- scheduling activities api/services`);
  process.exit(1);
}

// Not among the dependencies of the project, so that only those who test by mutation install it.
if (!existsSync(path.join(tool, 'node_modules/.package-lock.json'))) run('npm', ['ci', '--ignore-scripts'], tool);

const patterns = rooms.map((room) => (room.endsWith('.ts') ? `src/${room}` : `src/${room}/**/*.ts`));
run(
  process.execPath,
  [
    path.join(tool, 'node_modules/@stryker-mutator/core/bin/stryker.js'),
    'run',
    path.join(tool, 'stryker.config.mjs'),
    '--mutate',
    [...patterns, '!**/*.test.ts'].join(','),
  ],
  project,
);

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const ROOT = path.resolve(__dirname, '..');

/** Checks `files` by the project's import rules; resolves to the names of the broken rules. */
async function brokenRules(files: Record<string, string>): Promise<string[]> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'taskloom-rules-'));
  try {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
      writeFileSync(path.join(folder, file), text);
    }
    symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
    symlinkSync(path.join(ROOT, 'tsconfig.json'), path.join(folder, 'tsconfig.json'));
    // node_modules is a link. Resolved to its real path, packages would not count as node_modules.
    const rules = JSON.stringify(path.join(ROOT, '.dependency-cruiser.cjs'));
    writeFileSync(
      path.join(folder, '.dependency-cruiser.cjs'),
      `const rules = require(${rules});
       module.exports = { ...rules, options: { ...rules.options, preserveSymlinks: true } };`,
    );
    mkdirSync(path.join(folder, 'migrations'), { recursive: true });
    const depcruise = path.join(ROOT, 'node_modules/.bin/depcruise');
    const run = promisify(execFile)(
      depcruise,
      ['src', 'migrations', '--config', '.dependency-cruiser.cjs', '--output-type', 'json'],
      { cwd: folder, maxBuffer: 1 << 26 },
    );
    const { stdout } = await run.catch((error: { stdout: string }) => error);
    const { summary } = JSON.parse(stdout) as { summary: { violations: { rule: { name: string } }[] } };
    return [...new Set(summary.violations.map(({ rule }) => rule.name))].sort();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const table = 'export const table = 1;\nexport type Table = number;\n';

test.each([
  [
    'a workflow that imports storage',
    {
      'src/workflows/bad.ts': "import { table } from '../storage/table';\nexport const x = table;\n",
      'src/storage/table.ts': table,
    },
    'workflows-run-time',
  ],
  [
    'a workflow that imports zod',
    { 'src/workflows/bad.ts': "import { z } from 'zod';\nexport const x = z;\n" },
    'workflows-npm-temporal-only',
  ],
  [
    'shared code that imports a package',
    { 'src/shared/bad.ts': "import { z } from 'zod';\nexport const x = z;\n" },
    'shared-stands-alone',
  ],
  [
    'a scheduler type that imports the data of time zones',
    { 'src/scheduling/bad.ts': "import moment from 'moment-timezone';\nexport const x = moment;\n" },
    'time-zone-data-in-one-place',
  ],
  [
    'a repository that runs code of a task',
    {
      'src/storage/bad.ts': "import { table } from '../tasks/table';\nexport const x = table;\n",
      'src/tasks/table.ts': table,
    },
    'storage-run-time',
  ],
  [
    'a route that imports storage',
    {
      'src/api/routes/bad.ts': "import { table } from '../../storage/table';\nexport const x = table;\n",
      'src/storage/table.ts': table,
    },
    'api-run-time',
  ],
  [
    'a platform file that knows the tasks',
    {
      'src/platform/bad.ts': "import type { Table } from '../tasks/table';\nexport type X = Table;\n",
      'src/tasks/table.ts': table,
    },
    'platform-types',
  ],
  [
    'a backup that opens a connection',
    {
      'src/backups/bad.ts': "import { table } from '../platform/table';\nexport const x = table;\n",
      'src/platform/table.ts': table,
    },
    'backups-run-time',
  ],
  [
    'an export that opens a connection',
    {
      'src/exports/bad.ts': "import { table } from '../storage/table';\nexport const x = table;\n",
      'src/storage/table.ts': table,
    },
    'exports-run-time',
  ],
  [
    'an export process that knows the API',
    {
      'src/exports/process/export-process.ts': "import { table } from '../../api/table';\nexport const x = table;\n",
      'src/api/table.ts': table,
    },
    'exports-entry',
  ],
  [
    'a migration that imports the source',
    {
      'migrations/0001_bad.ts': "import { table } from '../src/storage/table';\nexport const x = table;\n",
      'src/storage/table.ts': table,
    },
    'migrations-stand-alone',
  ],
  [
    'snoowrap outside its folder',
    { 'src/tasks/bad.ts': "import Snoowrap from 'snoowrap';\nexport const x = Snoowrap;\n" },
    'snoowrap-in-one-place',
  ],
  [
    'a circle of types only',
    {
      'src/tasks/bad.ts': "import type { Table } from './table';\nexport type X = Table;\n",
      'src/tasks/table.ts': "import type { X } from './bad';\nexport type Table = X | number;\n",
    },
    'no-circular',
  ],
  [
    'a circle of code',
    {
      'src/tasks/bad.ts': "import { table } from './table';\nexport const x = () => table();\n",
      'src/tasks/table.ts': "import { x } from './bad';\nexport const table = (): unknown => x();\n",
    },
    'no-circular',
  ],
])('%s breaks a rule', async (_, files, rule) => {
  expect(await brokenRules(files as unknown as Record<string, string>)).toContain(rule);
});

test('a workflow may import shared code', async () => {
  const files = {
    'src/workflows/good.ts': "import { table } from '../shared/table';\nexport const x = table;\n",
    'src/shared/table.ts': table,
  };
  expect((await brokenRules(files)).filter((rule) => rule !== 'no-orphans')).toEqual([]);
});

test('a route may import types of storage', async () => {
  const files = {
    'src/api/routes/good.ts': "import type { Table } from '../../storage/table';\nexport type X = Table;\n",
    'src/storage/table.ts': table,
  };
  expect((await brokenRules(files)).filter((rule) => rule !== 'no-orphans')).toEqual([]);
});

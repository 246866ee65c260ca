import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createProcessWriter } from './process-writer';
import type { ExportRequest } from '../../tasks/ports/exports';

const REQUEST: ExportRequest = {
  executionId: 1,
  configId: null,
  startedAt: new Date(0),
  source: 'posts',
  format: 'csv',
  compression: 'none',
  filters: {},
  areFormulasEscaped: true,
  areNamesEscaped: true,
  nullText: '',
  expiresInDays: null,
};
const FILE = { rows: 1, bytes: 2, truncatedCells: 3, sha256: 'x' };
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'taskloom-writer-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes with a program of `script` instead of the real one. The script reads each message as `order`. */
async function write(script: string, signal = new AbortController().signal) {
  const program = path.join(folder, 'program.js');
  writeFileSync(
    program,
    `const tell = (message) => process.send(message);
     process.on('disconnect', () => process.exit());
     process.on('message', (order) => { ${script} });`,
  );
  const seen = { discarded: [] as string[], progress: [] as number[][] };
  const discard = async (name: string) => void seen.discarded.push(name);
  const settings = { databaseUrl: 'postgres://u:hidden@h/d', files: { folder: 'f' } };
  const result = await createProcessWriter({
    program,
    settings,
    env: { PATH: process.env.PATH, GIVEN: 'yes' },
    files: { discard },
  })(REQUEST, 'a.csv', { signal, onProgress: (...rows) => void seen.progress.push(rows) }).catch(
    (error: unknown) => error,
  );
  return { result, ...seen };
}

test('the process receives the request and sends progress and the file back', async () => {
  const { result, progress, discarded } = await write(
    `const received = [order, process.argv.slice(2), process.env.GIVEN, order.request.startedAt instanceof Date];
     tell({ kind: 'progress', rowsWritten: 5, rowsTotal: 9 });
     tell({ kind: 'written', file: { ...${JSON.stringify(FILE)}, sha256: JSON.stringify(received) } });`,
  );
  const { sha256, ...counts } = result as typeof FILE;
  expect([counts, progress, discarded]).toEqual([{ rows: 1, bytes: 2, truncatedCells: 3 }, [[5, 9]], []]);
  expect(JSON.parse(sha256)).toEqual([
    {
      kind: 'write',
      settings: { databaseUrl: 'postgres://u:hidden@h/d', files: { folder: 'f' } },
      request: { ...REQUEST, startedAt: REQUEST.startedAt.toISOString() },
      fileName: 'a.csv',
    },
    [],
    'yes',
    true,
  ]);
});

test('an error that the process sends is thrown unchanged', async () => {
  const { result, discarded } = await write(
    `tell({ kind: 'failed', error: { name: 'FileStoreFullError', message: 'No room', code: 'ENOSPC' } });`,
  );
  expect(result).toBeInstanceOf(Error);
  expect(result).toMatchObject({ name: 'FileStoreFullError', message: 'No room', code: 'ENOSPC' });
  expect(discarded).toEqual([]);
});

test.each([
  [
    'killed',
    `process.kill(process.pid, 'SIGKILL')`,
    "The export's process was ended by SIGKILL before its file was whole",
  ],
  ['ended', `process.exit(7)`, "The export's process ended with code 7 before its file was whole"],
  [
    'out of memory',
    `const all = []; for (;;) all.push(new Array(1000).fill(Math.random()))`,
    /^The export's process was ended by SIG\w+ before its file was whole: its \d+ MB of heap were not enough$/,
  ],
])('a process that dies (%s) causes an error, and its unfinished file is removed', async (_, script, message) => {
  const { result, discarded } = await write(script);
  expect(result).toMatchObject({
    name: 'ExportProcessError',
    message: typeof message === 'string' ? message : expect.stringMatching(message),
  });
  expect(discarded).toEqual(['a.csv']);
});

test('the output on stderr is the cause of the error', async () => {
  const { result } = await write(`throw new Error('not foreseen')`);
  expect(result).toMatchObject({
    name: 'ExportProcessError',
    cause: { message: expect.stringContaining('not foreseen') },
  });
});

test('an abort is sent to the process, and a process that obeys cleans up itself', async () => {
  const stop = new AbortController();
  const reason = new Error('cancelled');
  const writing = write(
    `if (order.kind === 'abort') tell({ kind: 'failed', error: { name: 'Error', message: 'aborted' } });
     else tell({ kind: 'progress', rowsWritten: 0, rowsTotal: 0 });`,
    stop.signal,
  );
  setTimeout(() => stop.abort(reason), 300);
  expect(await writing).toMatchObject({ result: reason, discarded: [] });
});

test('a process that ignores the abort is killed', async () => {
  const stop = new AbortController();
  const reason = new Error('cancelled');
  setTimeout(() => stop.abort(reason), 300);
  expect(await write('for (;;);', stop.signal)).toMatchObject({ result: reason, discarded: ['a.csv'] });
  expect(await write('', stop.signal)).toMatchObject({ result: reason, discarded: [] });
});

test('a missing program causes an error that names it', async () => {
  const writer = createProcessWriter({
    program: path.join(folder, 'missing.js'),
    settings: { databaseUrl: '', files: { folder } },
    env: {},
    files: { discard: async () => undefined },
  });
  await expect(
    writer(REQUEST, 'a.csv', { signal: new AbortController().signal, onProgress: () => undefined }),
  ).rejects.toMatchObject({ name: 'ExportProcessError', cause: { message: expect.stringContaining('missing.js') } });
});

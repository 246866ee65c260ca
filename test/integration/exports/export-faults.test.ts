import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { childrenOf } from '../../../bench/process-memory';
import { commandLine, isAlive } from '../../../src/stack/processes/process-table';
import { createExportWorkers, SECRET, SOME, type ExportResult } from '../../support/export-workers';
import { waitFor } from '../../support/process';

jest.setTimeout(180_000);

const exporting = createExportWorkers();
const { startWorker, start, rowOf, parts, inMidFile, ended, processOf, isGone, connections, expectOneFile } = exporting;

test('a killed worker ends its export in mid-file, and the next worker writes every row once', async () => {
  const first = await startWorker();
  const handle = await start(SOME);
  await inMidFile();
  const child = await processOf(first);
  await first.kill();
  await isGone(child);
  expect(parts()).toEqual([]);
  await waitFor(async () => (await connections()).length === 0);
  await startWorker();
  const result = (await handle.result()) as ExportResult;
  const row = await rowOf(handle.workflowId);
  expect(await exporting.db.database('task_attempts').where({ execution_id: row.id }).orderBy('attempt')).toMatchObject(
    [{ outcome: 'lost' }, { outcome: 'succeeded' }],
  );
  await expectOneFile(row.id as number, result);
});

test('an export whose process is killed in mid-file reports the signal, and its retry writes one file', async () => {
  const worker = await startWorker();
  const handle = await start(SOME, null, 1);
  await inMidFile();
  const child = await processOf(worker);
  // A list of processes shows no secret, and the secrets of the worker are not in the environment of the export.
  expect(commandLine(child.pid)).not.toContain('postgres://');
  if (process.platform === 'linux')
    expect(readFileSync(`/proc/${child.pid}/environ`, 'utf8')).not.toMatch(new RegExp(`${SECRET}|DATABASE_URL`));
  process.kill(child.pid, 'SIGKILL');
  const result = (await handle.result()) as ExportResult;
  const row = await rowOf(handle.workflowId);
  expect(await exporting.db.database('task_attempts').where({ execution_id: row.id }).orderBy('attempt')).toMatchObject(
    [
      {
        outcome: 'failed',
        failure: {
          type: 'ExportProcessError',
          message: "The export's process was ended by SIGKILL before its file was whole",
        },
      },
      { outcome: 'succeeded' },
    ],
  );
  await expectOneFile(row.id as number, result);
  expect(childrenOf(worker.child.pid)).toEqual([]);
});

test('a killed process and a killed worker end the statement that PostgreSQL runs for them', async () => {
  const isWaiting = () =>
    waitFor(async () => (await connections()).some(({ wait_event_type }) => wait_event_type === 'Lock'));
  const lock = await exporting.db.database.transaction();
  await lock.raw('lock table reddit_posts in access exclusive mode');
  try {
    const worker = await startWorker();
    const posts = { source: 'posts', filters: {} };
    const handle = await start(posts);
    await isWaiting();
    process.kill((await processOf(worker)).pid, 'SIGKILL');
    expect(await ended(handle.workflowId)).toMatchObject({
      status: 'failed',
      error_message: expect.stringContaining('SIGKILL'),
    });
    await waitFor(async () => (await connections()).length === 0);

    await start(posts);
    await isWaiting();
    const child = await processOf(worker);
    await worker.kill();
    await isGone(child);
    await waitFor(async () => (await connections()).length === 0);
  } finally {
    await lock.rollback();
  }
  // The run of the killed worker is ended, so that it does not disturb the other tests.
  const next = await startWorker();
  await waitFor(
    async () =>
      (await exporting.db.database('task_executions').where({ task_type: 'DATA_EXPORT', status: 'running' })).length ===
      0,
  );
  await next.stop();
  for (const name of readdirSync(exporting.folder)) rmSync(path.join(exporting.folder, name), { recursive: true });
});

test('a worker that is told to stop ends its export, and the next worker completes it', async () => {
  const first = await startWorker();
  const handle = await start(SOME);
  await inMidFile();
  const child = await processOf(first);
  // A terminal or a service manager signals each process.
  process.kill(child.pid, 'SIGTERM');
  await first.stop();
  expect([isAlive(child), parts()]).toEqual([false, []]);
  await startWorker();
  const result = (await handle.result()) as ExportResult;
  await expectOneFile((await rowOf(handle.workflowId)).id as number, result);
});

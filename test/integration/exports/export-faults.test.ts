import { spawnSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { childrenOf } from '../../../bench/process-memory';
import { commandLine, identityOf, isAlive, type ProcessIdentity } from '../../../src/stack/processes/process-table';
import { createTaskConfigRepository } from '../../../src/storage/configs/task-config-repository';
import { connectTestTemporal } from '../../support/task-worker';
import { startProcess, waitFor, type TestProcess } from '../../support/process';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';
import { testServices } from '../../support/test-services';
import type { TemporalConnection } from '../../../src/platform/temporal';
import type * as workflows from '../../../src/workflows';

jest.setTimeout(180_000);

const ROWS = 200_000;
/** Of the others, as many as an export of some seconds has. */
const SOME_ROWS = 80_000;
/** Of the worker alone. */
const SECRET = 'a secret that no export needs to know';
const DIST = path.resolve(__dirname, '../../../dist/src');
const taskQueue = `export-faults-${randomUUID()}`;
const workers: TestProcess[] = [];
let db: TestDatabase;
let temporal: TemporalConnection;
let folder: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  [db, temporal] = await Promise.all([createTestDatabase(), connectTestTemporal()]);
  folder = mkdtempSync(path.join(os.tmpdir(), 'taskloom-exports-'));
  env = {
    DATABASE_URL: db.url,
    REDIS_URL: testServices().storeUrl,
    TEMPORAL_ADDRESS: testServices().temporalAddress,
    TEMPORAL_NAMESPACE: temporal.namespace,
    TEMPORAL_TASK_QUEUE: taskQueue,
    EXPORT_FOLDER: folder,
    REDDIT_OAUTH_BASE_URL: 'http://127.0.0.1:9',
    REDDIT_WWW_BASE_URL: 'http://127.0.0.1:9',
    JWT_SECRET_KEY: SECRET,
    WORKER_SHUTDOWN_GRACE_SECONDS: '2',
  };
  await db.database
    .raw(`insert into task_executions (task_id, task_type, status, triggered_by, workflow_id, run_id, started_at, result)
    select 'many-' || n, 'HEALTH_CHECK', 'succeeded', 'manual', 'many-' || n, '', '2026-01-01'::timestamptz + n * interval '1 second', jsonb_build_object('return_value', jsonb_build_object('n', n, 'text', repeat('text ', 60))) from generate_series(1, ${ROWS}) n`);
});
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.kill();
});
afterAll(async () => {
  await temporal?.close();
  await db?.drop();
  rmSync(folder, { recursive: true, force: true });
});

const startWorker = async () => {
  const worker = await startProcess('worker/main.js', env);
  workers.push(worker);
  return worker;
};
async function start(parameters: object, timeoutSeconds: number | null = null, maxRetries = 0) {
  const config = await createTaskConfigRepository(db.database).create({
    name: 'many',
    description: null,
    taskType: 'DATA_EXPORT',
    schedulerType: 'manual',
    parameters: { source: 'executions', filters: { task_types: ['HEALTH_CHECK'] }, ...parameters },
    scheduleConfig: {},
    maxRetries,
    timeoutSeconds,
    priority: 5,
  });
  const workflowId = `export-${randomUUID()}`;
  return temporal.client.workflow.start<typeof workflows.runTask>('runTask', {
    workflowId,
    taskQueue,
    args: [{ configId: config.id, triggeredBy: 'manual' }],
  });
}
const rowOf = async (workflowId: string) =>
  (await db.database('task_executions').where({ workflow_id: workflowId }))[0];
const parts = () => readdirSync(folder).filter((name) => name.endsWith('.part'));
/** An export is in the middle of its file. */
const inMidFile = () =>
  waitFor(async () =>
    parts().some((name) => (statSync(path.join(folder, name), { throwIfNoEntry: false })?.size ?? 0) > 1_000_000),
  );
const ended = (workflowId: string) =>
  waitFor(async () => {
    const row = await rowOf(workflowId);
    return row && row.status !== 'running' && row;
  });
/** The process of the export at work. */
const processOf = (worker: TestProcess) => waitFor(async () => childrenOf(worker.child.pid).map(identityOf)[0]);
const isGone = (child: ProcessIdentity) => waitFor(async () => !isAlive(child));
const connections = () =>
  db.database('pg_stat_activity').where({ application_name: 'taskloom-export', datname: db.url.split('/').at(-1) });
/** One whole file with every row once, known as such, and nothing beside it. */
async function expectOneFile(
  executionId: number,
  result: { file_path: string; sha256: string; exported_records: number },
) {
  expect(readdirSync(folder)).toEqual([path.basename(result.file_path)]);
  const bytes = readFileSync(path.join(folder, path.basename(result.file_path)));
  const numbers = bytes
    .toString()
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { result: { return_value: { n: number } } }).result.return_value.n);
  expect(numbers).toEqual(Array.from({ length: SOME_ROWS }, (_, index) => index + 1));
  expect(await db.database('exports').where({ execution_id: executionId })).toMatchObject([
    {
      row_count: SOME_ROWS,
      bytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      storage: 'local',
    },
  ]);
  expect(result).toMatchObject({
    exported_records: SOME_ROWS,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  });
  rmSync(path.join(folder, path.basename(result.file_path)));
}
/** Nothing of an export may be left, or known. */
async function expectNothingOf(executionId: number) {
  await waitFor(async () => parts().length === 0);
  expect(await db.database('exports').where({ execution_id: executionId }).whereNotNull('completed_at')).toEqual([]);
}

const SOME = {
  export_format: 'ndjson',
  date_range: { to: new Date(Date.UTC(2026, 0, 1) + (SOME_ROWS + 1) * 1_000).toISOString() },
};

test('a worker killed in mid-file: its export goes with it, and the next one makes one file, with every row once', async () => {
  const first = await startWorker();
  const handle = await start(SOME);
  await inMidFile();
  const child = await processOf(first);
  await first.kill();
  await isGone(child);
  expect(parts()).toEqual([]);
  await waitFor(async () => (await connections()).length === 0);
  await startWorker();
  const result = (await handle.result()) as { file_path: string; sha256: string; exported_records: number };
  const row = await rowOf(handle.workflowId);
  expect(await db.database('task_attempts').where({ execution_id: row.id }).orderBy('attempt')).toMatchObject([
    { outcome: 'lost' },
    { outcome: 'succeeded' },
  ]);
  await expectOneFile(row.id as number, result);
});

test('an export whose process is killed in mid-file fails clearly, and is tried again: one file', async () => {
  const worker = await startWorker();
  const handle = await start(SOME, null, 1);
  await inMidFile();
  const child = await processOf(worker);
  // Who lists processes sees no secrets, and what the worker alone needs is not even in its environment.
  expect(commandLine(child.pid)).not.toContain('postgres://');
  if (process.platform === 'linux')
    expect(readFileSync(`/proc/${child.pid}/environ`, 'utf8')).not.toMatch(new RegExp(`${SECRET}|DATABASE_URL`));
  process.kill(child.pid, 'SIGKILL');
  const result = (await handle.result()) as { file_path: string; sha256: string; exported_records: number };
  const row = await rowOf(handle.workflowId);
  expect(await db.database('task_attempts').where({ execution_id: row.id }).orderBy('attempt')).toMatchObject([
    {
      outcome: 'failed',
      failure: {
        type: 'ExportProcessError',
        message: "The export's process was ended by SIGKILL before its file was whole",
      },
    },
    { outcome: 'succeeded' },
  ]);
  await expectOneFile(row.id as number, result);
  expect(childrenOf(worker.child.pid)).toEqual([]);
});

test('a killed process, and a killed worker, end the statement that PostgreSQL is at work on', async () => {
  const isWaiting = () =>
    waitFor(async () => (await connections()).some(({ wait_event_type }) => wait_event_type === 'Lock'));
  const lock = await db.database.transaction();
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
  // The run of the killed worker is ended, so that it is in nobody's way.
  const next = await startWorker();
  await waitFor(
    async () =>
      (await db.database('task_executions').where({ task_type: 'DATA_EXPORT', status: 'running' })).length === 0,
  );
  await next.stop();
  for (const name of readdirSync(folder)) rmSync(path.join(folder, name), { recursive: true });
});

test('one that does not heed its cancellation is killed, and leaves nothing', async () => {
  const worker = await startWorker();
  const handle = await start({ export_format: 'csv' });
  await inMidFile();
  const child = await processOf(worker);
  process.kill(child.pid, 'SIGSTOP');
  const cancelledAt = Date.now();
  await handle.cancel();
  const row = await ended(handle.workflowId);
  expect(row).toMatchObject({ status: 'cancelled' });
  expect((row.completed_at as Date).getTime() - cancelledAt).toBeLessThan(5_000);
  await isGone(child);
  await expectNothingOf(row.id as number);
  await waitFor(async () => (await connections()).length === 0);
});

test('a worker that is told to stop takes its export along, and hands it on', async () => {
  const first = await startWorker();
  const handle = await start(SOME);
  await inMidFile();
  const child = await processOf(first);
  // As a terminal or a service manager does it: to each process.
  process.kill(child.pid, 'SIGTERM');
  await first.stop();
  expect([isAlive(child), parts()]).toEqual([false, []]);
  await startWorker();
  const result = (await handle.result()) as { file_path: string; sha256: string; exported_records: number };
  await expectOneFile((await rowOf(handle.workflowId)).id as number, result);
});

test('a cancelled export ends within five seconds and leaves nothing; its progress was to be seen', async () => {
  const worker = await startWorker();
  const handle = await start({ export_format: 'json', compression: 'gzip' });
  await inMidFile();
  const { raw } = await handle.describe();
  expect(String(raw.pendingActivities?.[0]?.heartbeatDetails?.payloads?.[0]?.data)).toMatch(/"rows_total":200000/);
  const cancelledAt = Date.now();
  await handle.cancel();
  const row = await ended(handle.workflowId);
  expect(row).toMatchObject({ status: 'cancelled' });
  expect((row.completed_at as Date).getTime() - cancelledAt).toBeLessThan(5_000);
  await expectNothingOf(row.id as number);
  expect([childrenOf(worker.child.pid), await connections()]).toEqual([[], []]);
  await worker.stop();
});

test('one that takes longer than it may is ended, in the middle', async () => {
  await startWorker();
  const handle = await start({ export_format: 'excel' }, 1);
  const row = await ended(handle.workflowId);
  expect(row).toMatchObject({ status: 'timed_out' });
  await expectNothingOf(row.id as number);
});

test('a full disk fails it with a clear message, and nothing is left', () => {
  const target = path.join(folder, 'small');
  const script = `
    const { createLocalFileStore } = require('${DIST}/platform/files/local-file-store');
    const content = (async function* () { for (let n = 0; n < 100; n += 1) yield Buffer.alloc(65536); })();
    createLocalFileStore('${target}').write('x.csv', content, new AbortController().signal).then(() => console.log('written'), (error) => console.log(error.name + ': ' + error.message));`;
  // No file of this process may be larger than 256 kB.
  const { stdout } = spawnSync('bash', ['-c', 'ulimit -f 256; exec "$0" -e "$1"', process.execPath, script], {
    encoding: 'utf8',
  });
  expect(stdout.trim()).toBe(`FileStoreFullError: No room is left in ${target} for x.csv; nothing of it was kept`);
  expect(readdirSync(target)).toEqual([]);
});

test.each(['csv', 'excel', 'parquet'])('memory does not grow with the rows: %s', (format) => {
  const script = `
    const load = (name) => require('${DIST}/' + name);
    const connect = () => load('platform/postgres/postgres-client').connectClient({ url: process.env.DATABASE_URL, applicationName: 'memory' });
    const sources = load('storage/exports/export-source-repository').createExportSourceRepository({ connect });
    const writeFile = load('exports/file-writer').createFileWriter({ sources, files: load('platform/files/local-file-store').createLocalFileStore('${folder}/memory') });
    const write = () => writeFile({ executionId: 1, configId: 1, startedAt: new Date(), source: 'executions', format: '${format}', compression: 'none', filters: { task_types: ['HEALTH_CHECK'] }, areFormulasEscaped: true, expiresInDays: null }, 'memory-${format}', { signal: new AbortController().signal, onProgress: () => undefined });
    (async () => {
      let mostBuffers = 0;
      const timer = setInterval(() => (mostBuffers = Math.max(mostBuffers, process.memoryUsage().arrayBuffers)), 10);
      const { rows } = await write();
      clearInterval(timer);
      console.log(JSON.stringify({ rows, mostBuffers }));
    })();`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--max-old-space-size=80', '-e', script], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  expect(stderr).toBe('');
  // All rows together are more than 100 MB: neither the heap of 80 MB nor the buffers beside it could hold them.
  const { rows, mostBuffers } = JSON.parse(stdout) as { rows: number; mostBuffers: number };
  expect(rows).toBe(ROWS);
  expect(mostBuffers).toBeLessThan(50_000_000);
});

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Table from 'cli-table3';
import S3rver from 's3rver';
import { startBenchStack, type BenchStack } from './bench-stack';
import { machineLine } from './figures';
import { childrenOf, memoryOf } from './process-memory';

/**
 * `npm run bench:export -- [rows] [name …]`: time and memory of an export in each format, into a folder and into a
 * bucket, and of a backup by COPY of the same database. Each runs on a new worker and is timed from the request to the
 * finished row. Memory is Linux's VmHWM of the exporting process, and the growth of the worker's VmRSS.
 */
const ROWS = Number(process.argv[2] ?? 1_000_000);
const ONLY = process.argv.slice(3);
/** Posts of the longest text that Reddit accepts, in characters of three bytes. */
const LONG_POSTS = Math.ceil(ROWS / 400);
const LONG_POST = 40_000;
const API_PORT = 18_137;
const LOOK_MS = 25;
const MB = 1_000_000;
const BUCKET = 'bench';

interface Run {
  name: string;
  /** TEST_TIMEOUT measures the growth of a worker that only waits. */
  taskType: 'DATA_EXPORT' | 'DATA_BACKUP' | 'TEST_TIMEOUT';
  parameters: object;
  isInBucket?: boolean;
}
const exportOf = (name: string, parameters: object, isInBucket = false): Run => ({
  name,
  taskType: 'DATA_EXPORT',
  parameters: { source: 'executions', filters: { task_types: ['HEALTH_CHECK'] }, ...parameters },
  isInBucket,
});
const longPostsAs = (format: string): Run => ({
  name: `long-${format}`,
  taskType: 'DATA_EXPORT',
  parameters: { source: 'posts', export_format: format },
});
const RUNS: Run[] = [
  ...['json', 'ndjson', 'csv', 'excel', 'parquet'].map((format) => exportOf(format, { export_format: format })),
  exportOf('gzip', { export_format: 'ndjson', compression: 'gzip' }),
  exportOf('s3-ndjson', { export_format: 'ndjson' }, true),
  exportOf('s3-parquet', { export_format: 'parquet' }, true),
  ...['json', 'csv', 'excel', 'parquet'].map(longPostsAs),
  { name: 'nothing', taskType: 'TEST_TIMEOUT', parameters: { sleep_seconds: 60 } },
  { name: 'backup', taskType: 'DATA_BACKUP', parameters: { backup_type: 'full', method: 'copy' } },
];

/** A figure that a run does not have is NaN. */
interface Measured {
  rows: number;
  bytes: number;
  elapsedMs: number;
  /** The peak memory of the exporting process, in bytes. */
  peak: number;
  workerBefore: number;
  workerGrowth: number;
}
interface Execution {
  status: string;
  error_message: string | null;
  result: { return_value: Record<string, number> } | null;
}

async function seed({ database }: BenchStack): Promise<void> {
  await database.raw(
    `insert into task_executions (task_id, task_type, status, triggered_by, workflow_id, run_id,
                                  started_at, completed_at, duration_seconds, result)
     select 'bench-' || n, 'HEALTH_CHECK', 'succeeded', 'manual', 'bench-' || n, '',
            '2026-01-01'::timestamptz + n * interval '1 second',
            '2026-01-01'::timestamptz + (n + 2) * interval '1 second', 2,
            jsonb_build_object('return_value', jsonb_build_object('n', n, 'text', repeat('some words ', 1 + n % 60)))
     from generate_series(1, ?::int) n`,
    [ROWS],
  );
  await database.raw(
    `insert into reddit_posts (id, title, author, subreddit, content, reddit_created_at)
     select 'p' || n, 'A long post', 'somebody', 'long', repeat('語', ${LONG_POST}),
            '2026-01-01'::timestamptz + n * interval '1 second'
     from generate_series(1, ?::int) n`,
    [LONG_POSTS],
  );
  await database.raw('vacuum analyze task_executions');
}

async function start(stack: BenchStack, { taskType, parameters }: Run): Promise<string> {
  const response = await fetch(`${stack.apiUrl}/tasks/execute/by-type/${taskType}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${stack.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ task_params: parameters }),
  });
  if (!response.ok) throw new Error(`${taskType}: ${response.status} ${await response.text()}`);
  return ((await response.json()) as { task_id: string }).task_id;
}

/** Samples the memory (bytes) of a worker and of its child processes until `stop` is called. */
function watchMemory(pid: number | undefined) {
  const before = memoryOf(pid)?.now ?? NaN;
  let most = before;
  let peak = NaN;
  const timer = setInterval(() => {
    most = Math.max(most, memoryOf(pid)?.now ?? 0);
    for (const child of childrenOf(pid)) peak = Math.max(peak || 0, memoryOf(child)?.peak ?? 0);
  }, LOOK_MS);
  return {
    read: () => ({ peak, workerBefore: before, workerGrowth: most - before }),
    stop: () => clearInterval(timer),
  };
}

/** Waits for the result of an execution; throws when it ended without one. */
async function resultOf(stack: BenchStack, taskId: string, name: string): Promise<Record<string, number>> {
  for (;;) {
    const execution = await stack
      .database('task_executions')
      .where({ task_id: taskId })
      .first<Execution | undefined>('status', 'error_message', 'result');
    if (execution?.result) return execution.result.return_value;
    if (execution && execution.status !== 'running')
      throw new Error(`${name}: ${execution.status}: ${execution.error_message}`);
    await sleep(100);
  }
}

async function measure(
  stack: BenchStack,
  run: Run,
  env: NodeJS.ProcessEnv,
  bucketEnv: NodeJS.ProcessEnv,
): Promise<Measured> {
  const worker = await stack.startProcess('src/worker/main.js', { ...env, ...(run.isInBucket && bucketEnv) });
  // A worker reconciles at its start.
  await sleep(3_000);
  const memory = watchMemory(worker.pid);
  try {
    const startedAt = performance.now();
    const result = await resultOf(stack, await start(stack, run), run.name);
    return {
      rows: result.exported_records ?? result.rows ?? NaN,
      bytes: result.file_size_bytes ?? result.backup_size_bytes ?? NaN,
      elapsedMs: performance.now() - startedAt,
      ...memory.read(),
    };
  } finally {
    memory.stop();
    await stack.stopProcess(worker);
  }
}

const figure = (value: number) => (Number.isNaN(value) ? '' : value.toFixed(0));

async function main(): Promise<void> {
  const stack = await startBenchStack({ apiPort: API_PORT });
  const folder = mkdtempSync(path.join(os.tmpdir(), 'taskloom-bench-files-'));
  // On exit, because a stop signal ends the process before anything else is awaited.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const bucket = new S3rver({
    port: 0,
    address: '127.0.0.1',
    silent: true,
    directory: path.join(folder, 's3'),
    configureBuckets: [{ name: BUCKET, configs: [] }],
  });
  try {
    mkdirSync(path.join(folder, 's3'));
    const { port } = await bucket.run();
    const env = { EXPORT_FOLDER: path.join(folder, 'exports'), BACKUP_FOLDER: path.join(folder, 'backups') };
    const bucketEnv = {
      S3_ENDPOINT: `http://127.0.0.1:${port}`,
      S3_BUCKET: BUCKET,
      S3_ACCESS_KEY_ID: 'S3RVER',
      S3_SECRET_ACCESS_KEY: 'S3RVER',
      S3_FORCE_PATH_STYLE: 'true',
    };
    process.stderr.write(`Seeding ${ROWS} executions and ${LONG_POSTS} long posts …\n`);
    await seed(stack);
    const table = new Table({
      style: { head: [], border: [] },
      head: ['', 'rows', 'file MB', 's', 'rows/s', 'peak MB', 'worker before MB', 'worker growth MB'],
    });
    for (const run of RUNS.filter(({ name }) => ONLY.length === 0 || ONLY.includes(name))) {
      const { rows, bytes, elapsedMs, peak, workerBefore, workerGrowth } = await measure(stack, run, env, bucketEnv);
      const row = [
        run.name,
        figure(rows),
        figure(bytes / MB),
        (elapsedMs / 1_000).toFixed(1),
        figure(rows / (elapsedMs / 1_000)),
        figure(peak / MB),
        figure(workerBefore / MB),
        figure(workerGrowth / MB),
      ];
      table.push(row);
      process.stderr.write(`  ${row.join(' ')}\n`);
    }
    console.log(table.toString());
    console.log(`Time from the request to the finished row; ${machineLine()}.`);
  } finally {
    await bucket.close().catch(() => undefined);
    await stack.stop();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

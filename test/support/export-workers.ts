import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { childrenOf } from '../../bench/process-memory';
import { identityOf, isAlive, type ProcessIdentity } from '../../src/stack/processes/process-table';
import { waitFor, type TestProcess } from './process';
import { createProcessBench } from './worker-process';
import type { Database } from '../../src/platform/postgres/postgres';

/** All rows that an export can have. Together they are more than 100 MB. */
export const ROWS = 200_000;
/** As many rows as an export of some seconds has. */
const SOME_ROWS = 80_000;
/** Parameters of an export of `SOME_ROWS` rows. */
export const SOME = {
  export_format: 'ndjson',
  date_range: { to: new Date(Date.UTC(2026, 0, 1) + (SOME_ROWS + 1) * 1_000).toISOString() },
};
/** A secret that only the worker needs. */
export const SECRET = 'a secret that no export needs to know';

export type ExportResult = { file_path: string; sha256: string; exported_records: number };

/** Inserts `ROWS` executions, one a second from 2026-01-01 on. */
const insertManyExecutions = (database: Database) =>
  database.raw(
    `insert into task_executions (task_id, task_type, status, triggered_by, workflow_id, run_id, started_at, result)
     select 'many-' || n, 'HEALTH_CHECK', 'succeeded', 'manual', 'many-' || n, '',
       '2026-01-01'::timestamptz + n * interval '1 second',
       jsonb_build_object('return_value', jsonb_build_object('n', n, 'text', repeat('text ', 60)))
     from generate_series(1, ${ROWS}) n`,
  );

/**
 * Exports of many rows by worker processes. Registers the hooks that fill the database once a file, and kill the
 * workers after each test.
 */
export function createExportWorkers() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'taskloom-exports-'));
  const bench = createProcessBench({ more: { EXPORT_FOLDER: folder, JWT_SECRET_KEY: SECRET } });
  const { env, startWorker, rowOf, ended } = bench;
  beforeAll(() => insertManyExecutions(bench.db.database));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const start = (parameters: object, timeoutSeconds: number | null = null, maxRetries = 0) =>
    bench.startConfig({
      taskType: 'DATA_EXPORT',
      parameters: { source: 'executions', filters: { task_types: ['HEALTH_CHECK'] }, ...parameters },
      maxRetries,
      timeoutSeconds,
    });
  const parts = () => readdirSync(folder).filter((name) => name.endsWith('.part'));
  /** Waits until an export has written a part of its file. */
  const inMidFile = () =>
    waitFor(async () =>
      parts().some((name) => (statSync(path.join(folder, name), { throwIfNoEntry: false })?.size ?? 0) > 1_000_000),
    );
  /** The process of the running export. */
  const processOf = (worker: TestProcess) => waitFor(async () => childrenOf(worker.child.pid).map(identityOf)[0]);
  const isGone = (child: ProcessIdentity) => waitFor(async () => !isAlive(child));
  const connections = () =>
    bench.db
      .database('pg_stat_activity')
      .where({ application_name: 'taskloom-export', datname: bench.db.url.split('/').at(-1) });
  /** Expects one complete file that has every row once and is recorded, and no other file. Removes it. */
  async function expectOneFile(executionId: number, result: ExportResult) {
    expect(readdirSync(folder)).toEqual([path.basename(result.file_path)]);
    const bytes = readFileSync(path.join(folder, path.basename(result.file_path)));
    const numbers = bytes
      .toString()
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { result: { return_value: { n: number } } }).result.return_value.n);
    expect(numbers).toEqual(Array.from({ length: SOME_ROWS }, (_, index) => index + 1));
    expect(await bench.db.database('exports').where({ execution_id: executionId })).toMatchObject([
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
  /** Expects neither a file nor a completed record of an export. */
  async function expectNothingOf(executionId: number) {
    await waitFor(async () => parts().length === 0);
    expect(
      await bench.db.database('exports').where({ execution_id: executionId }).whereNotNull('completed_at'),
    ).toEqual([]);
  }

  return {
    get db() {
      return bench.db;
    },
    folder,
    env,
    startWorker,
    start,
    rowOf,
    parts,
    inMidFile,
    ended,
    processOf,
    isGone,
    connections,
    expectOneFile,
    expectNothingOf,
  };
}

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createBackupFolder } from '../../../src/backups/backup-folder';
import { waitFor } from '../../support/process';
import { restoreElsewhere } from '../../support/backup-support';
import { createProcessBench } from '../../support/worker-process';
import type { TestDatabase } from '../../support/test-database';

jest.setTimeout(180_000);

const ROWS = 30_000;
const DIST = path.resolve(__dirname, '../../../dist/src');
const folder = path.join(mkdtempSync(path.join(os.tmpdir(), 'taskloom-backups-')), 'backups');
const bench = createProcessBench({ more: { BACKUP_FOLDER: folder } });
const { startWorker, rowOf, attemptsOf, ended } = bench;

beforeAll(async () => {
  // 100 MB of texts that gzip compresses poorly. The column has no full-text index, which would take a minute.
  await bench.db.database.raw(`insert into reddit_posts (id, title, url, subreddit, reddit_created_at)
    select 'many' || n, 'many', (select string_agg(md5(n::text || m::text), '/') from generate_series(1, 100) m),
      's', now()
    from generate_series(1, ${ROWS}) n`);
});
afterAll(() => rmSync(path.dirname(folder), { recursive: true, force: true }));

const start = (parameters: object, timeoutSeconds: number | null = null) =>
  bench.startConfig({ taskType: 'DATA_BACKUP', parameters: { method: 'copy', ...parameters }, timeoutSeconds });
const entries = () => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};
const parts = () => entries().filter((name) => name.endsWith('.part'));
const sizeOf = (part: string) => {
  try {
    return readdirSync(path.join(folder, part)).reduce(
      (sum, file) => sum + (statSync(path.join(folder, part, file), { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
  } catch {
    return 0;
  }
};
const inMidFile = () => waitFor(async () => parts().some((part) => sizeOf(part) > 1_000_000));
const atWork = async () =>
  (
    await bench.db
      .database('pg_stat_activity')
      .where({ application_name: 'taskloom-backup', datname: bench.db.url.split('/').at(-1) })
      .whereNotNull('xact_start')
  ).length;

test('the attempt after a killed worker starts anew, and there is one backup', async () => {
  const first = await startWorker();
  const handle = await start({});
  await inMidFile();
  await first.kill();
  expect(parts()).toHaveLength(1);
  expect(await createBackupFolder(folder).list()).toEqual({ backups: [], faults: [] });
  await startWorker();
  const result = (await handle.result()) as { backup_path: string; rows: number };
  const row = await rowOf(handle.workflowId);
  expect(await attemptsOf(row.id)).toMatchObject([{ outcome: 'lost' }, { outcome: 'succeeded' }]);
  expect(entries()).toEqual([path.basename(result.backup_path)]);
  const target = await restoreElsewhere(createBackupFolder(folder), path.basename(result.backup_path));
  try {
    const digest = async ({ database }: TestDatabase) =>
      (
        await database.raw<{ rows: unknown[] }>(
          "select count(*), md5(string_agg(md5(t::text), '' order by id)) from reddit_posts t",
        )
      ).rows;
    expect(await digest(target)).toEqual(await digest(bench.db));
  } finally {
    await target.drop();
  }
});

test('a cancelled backup reports its progress, ends within five seconds and leaves only the older backup', async () => {
  const worker = await startWorker();
  const before = entries();
  const handle = await start({ keep: 1 });
  await inMidFile();
  const heartbeat = await waitFor(async () => {
    const { raw } = await handle.describe();
    return String(raw.pendingActivities?.[0]?.heartbeatDetails?.payloads?.[0]?.data ?? '');
  });
  expect(heartbeat).toMatch(/"tables_total":\d+/);
  const cancelledAt = Date.now();
  await handle.cancel();
  const row = await ended(handle.workflowId);
  expect(row).toMatchObject({ status: 'cancelled' });
  expect((row.completed_at as Date).getTime() - cancelledAt).toBeLessThan(5_000);
  await waitFor(async () => parts().length === 0 && (await atWork()) === 0);
  expect(entries()).toEqual(before);
  await worker.stop();
});

test('a backup that exceeds its timeout is ended, and leaves nothing', async () => {
  await startWorker();
  const before = entries();
  const handle = await start({}, 1);
  expect(await ended(handle.workflowId)).toMatchObject({ status: 'timed_out' });
  await waitFor(async () => parts().length === 0 && (await atWork()) === 0);
  expect(entries()).toEqual(before);
});

/** Writes a backup in a process of its own, under the given ulimit commands. */
function writeInProcess(place: string, limits: string): { stdout: string; stderr: string } {
  const script = `
    const load = (name) => require('${DIST}/' + name);
    const { createBackups } = load('backups/write/create-backups');
    const url = process.env.DATABASE_URL;
    const { connectClient } = load('platform/postgres/postgres-client');
    const backups = createBackups({
      folder: load('backups/backup-folder').createBackupFolder('${place}'),
      url,
      connect: () => connectClient({ url, applicationName: 'taskloom-backup' }),
      taskloomVersion: '0',
    });
    const request = { executionId: 1, configId: 1, startedAt: new Date(), type: 'full', method: 'copy', keep: 1 };
    const print = ({ rows }) => console.log(JSON.stringify({ rows, mostBuffers }));
    const printError = (error) => console.log(error.name + ': ' + error.message);
    let mostBuffers = 0;
    const timer = setInterval(() => (mostBuffers = Math.max(mostBuffers, process.memoryUsage().arrayBuffers)), 10);
    backups.write(request, { signal: new AbortController().signal, onProgress: () => undefined })
      .then(print, printError)
      .finally(() => clearInterval(timer));`;
  return spawnSync('bash', ['-c', `${limits} exec "$0" --max-old-space-size=64 -e "$1"`, process.execPath, script], {
    encoding: 'utf8',
    env: { ...process.env, ...bench.env() },
  });
}

test('a full disk fails the backup with a clear message, and nothing is left', () => {
  const place = path.join(path.dirname(folder), 'small');
  const { stdout } = writeInProcess(place, 'ulimit -f 256;');
  expect(stdout.trim()).toBe(
    `BackupFolderError: The backup was not written to ${place}: files may not become so large; nothing of it was kept`,
  );
  expect(readdirSync(place)).toEqual([]);
});

test('the memory of a backup does not grow with its rows', () => {
  const { stdout, stderr } = writeInProcess(path.join(path.dirname(folder), 'memory'), '');
  expect(stderr).toBe('');
  // All rows together are 100 MB. Neither the heap of 64 MB nor the buffers beside it could hold them.
  const { rows, mostBuffers } = JSON.parse(stdout) as { rows: number; mostBuffers: number };
  expect(rows).toBeGreaterThan(ROWS);
  expect(mostBuffers).toBeLessThan(40_000_000);
});

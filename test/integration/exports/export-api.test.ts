import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createLocalFileStore } from '../../../src/platform/files/local-file-store';
import { cleanupExports } from '../../../src/tasks/cleanup-exports';
import { startTestWorker, type TestWorker } from '../../support/task-worker';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';
import { waitFor } from '../../support/process';
import { createTestApi, insertConfig, insertExecution, type TestApi } from '../../support/api-support';
import { createExportBench, insertContent, type ExportBench } from '../../support/export-support';

let db: TestDatabase;
let bench: ExportBench;
let worker: TestWorker;
let api: TestApi;

beforeAll(async () => {
  db = await createTestDatabase();
  bench = createExportBench(db);
  await insertContent(db.database);
  worker = await startTestWorker({
    database: db.database,
    services: { exports: bench.exports },
    taskQueue: `exports-${randomUUID()}`,
  });
  api = await createTestApi({
    database: db.database,
    temporal: worker.temporal,
    taskQueue: worker.taskQueue,
    files: createLocalFileStore(bench.folder),
  });
});
afterAll(async () => {
  await api?.close();
  await worker?.stop();
  bench?.remove();
  await db?.drop();
});

const download = async (id: number, headers: Record<string, string> = {}, method: 'GET' | 'HEAD' = 'GET') =>
  api.app.inject({
    method,
    url: `/api/v1/exports/${id}/download`,
    headers: { authorization: `Bearer ${api.tokens[0]}`, ...headers },
  });
const exportOne = async (parameters: object = {}, options: object = {}) =>
  (await bench.run(parameters, options)).export_id as number;

test('from the request to the file: submitted over REST, run by a worker, downloaded', async () => {
  const configId = await insertConfig(db.database, {
    task_type: 'DATA_EXPORT',
    parameters: { export_format: 'csv', filters: { subreddits: ['funny'] } },
  });
  const submitted = await api.root('POST', `/tasks/execute/${configId}`);
  const run = await waitFor(async () => {
    const { body } = await api.root('GET', `/tasks/executions/${submitted.body.task_id}`);
    return body?.status !== 'running' && body?.status && body;
  });
  const result = run.result.return_value;
  expect(result).toMatchObject({ config_id: configId, export_format: 'csv', date_range: null, exported_records: 14 });
  expect(result.file_path).toMatch(new RegExp(`^exports/data_${configId}_\\d{8}_\\d{6}\\.csv$`));

  const listed = await api.root('GET', `/exports?config_id=${configId}`);
  expect(listed.body).toEqual([
    {
      id: result.export_id,
      execution_id: run.id,
      config_id: configId,
      created_by: api.userIds[0],
      source: 'posts',
      format: 'csv',
      compression: 'none',
      status: 'available',
      file_name: path.basename(result.file_path),
      storage: 'local',
      bytes: result.file_size_bytes,
      rows: 14,
      sha256: result.sha256,
      created_at: expect.any(String),
      completed_at: expect.any(String),
      expires_at: result.expires_at,
      deleted_at: null,
      download_url: `/api/v1/exports/${result.export_id}/download`,
    },
  ]);
  expect((await api.root('GET', `/exports/${result.export_id}`)).body).toEqual(listed.body[0]);
  const file = await download(result.export_id);
  expect(file.statusCode).toBe(200);
  expect(createHash('sha256').update(file.rawPayload).digest('hex')).toBe(result.sha256);
});

test('what the task does not know is refused before anything is stored', async () => {
  const refused = (parameters: object) =>
    api.root('POST', '/tasks/execute/by-type/DATA_EXPORT', { task_params: parameters });
  for (const [parameters, place] of [
    [{ colour: 'red' }, []],
    [{ export_format: 'pdf' }, ['export_format']],
    [{ source: 'users' }, ['source']],
    [{ compression: 'gzip', export_format: 'excel' }, ['compression']],
    [{ filters: { statuses: ['failed'] } }, ['filters', 'statuses']],
    [{ source: 'executions', filters: { statuses: ['active'] } }, ['filters', 'statuses', 0]],
    [{ date_range: { from: '2026-01-02', to: '2026-01-01' } }, ['date_range']],
    [{ date_range: { from: 'yesterday' } }, ['date_range', 'from']],
    [{ date_range: { since: '2026-01-02' } }, ['date_range']],
    [{ expires_in_days: 0 }, ['expires_in_days']],
  ] as const) {
    const { status, body } = await refused(parameters);
    expect([parameters, status, body.detail?.[0]?.loc.slice(0, 2 + place.length)]).toEqual([
      parameters,
      422,
      ['body', 'task_params', ...place],
    ]);
  }
});

describe('a download', () => {
  let id: number;
  let whole: Buffer;
  beforeAll(async () => {
    id = await exportOne();
    whole = (await download(id)).rawPayload;
  });

  test('tells what it is', async () => {
    const { headers } = await download(id);
    const { body } = await api.root('GET', `/exports/${id}`);
    expect(headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="${body.file_name}"`,
      'content-length': String(body.bytes),
      etag: `"${body.sha256}"`,
      'accept-ranges': 'bytes',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    const head = await download(id, {}, 'HEAD');
    expect([head.statusCode, head.payload]).toEqual([200, '']);
    for (const name of ['content-type', 'content-disposition', 'content-length', 'etag', 'accept-ranges'])
      expect([name, head.headers[name]]).toEqual([name, headers[name]]);
  });

  test('that broke off is resumed, and the parts make the file', async () => {
    const { headers } = await download(id);
    const parts: Buffer[] = [];
    for (let start = 0; start < whole.length; start += 10_000) {
      const part = await download(id, {
        range: `bytes=${start}-${start + 10_000 - 1}`,
        'if-range': String(headers.etag),
      });
      expect([part.statusCode, part.headers['content-range'], part.headers['content-length']]).toEqual([
        206,
        `bytes ${start}-${Math.min(start + 10_000, whole.length) - 1}/${whole.length}`,
        String(part.rawPayload.length),
      ]);
      parts.push(part.rawPayload);
    }
    expect(parts.length).toBeGreaterThan(2);
    expect(createHash('sha256').update(Buffer.concat(parts)).digest('hex')).toBe(
      (await api.root('GET', `/exports/${id}`)).body.sha256,
    );
  });

  test('of an end, of several ranges, of none, of another file', async () => {
    const answer = async (headers: Record<string, string>) => {
      const { statusCode, rawPayload } = await download(id, headers);
      return [statusCode, rawPayload.length];
    };
    expect(await answer({ range: 'bytes=-10' })).toEqual([206, 10]);
    expect(await answer({ range: 'bytes=10-' })).toEqual([206, whole.length - 10]);
    expect(await answer({ range: 'bytes=0-0' })).toEqual([206, 1]);
    expect(await answer({ range: 'bytes=0-1,5-6' })).toEqual([200, whole.length]);
    expect(await answer({ range: 'lines=0-1' })).toEqual([200, whole.length]);
    expect(await answer({ range: 'bytes=0-1', 'if-range': '"another"' })).toEqual([200, whole.length]);
    const { headers } = await download(id);
    expect(await answer({ range: 'bytes=0-1', 'if-range': String(headers['last-modified']) })).toEqual([206, 2]);
    expect(await answer({ 'if-none-match': String(headers.etag) })).toEqual([304, 0]);
    const beyond = await download(id, { range: `bytes=${whole.length}-` });
    expect([beyond.statusCode, beyond.headers['content-range'], beyond.json()]).toEqual([
      416,
      `bytes */${whole.length}`,
      { detail: 'The file has no such range' },
    ]);
  });

  test('is for superusers, and recorded', async () => {
    for (const [method, route] of [
      ['GET', '/exports'],
      ['GET', `/exports/${id}`],
      ['GET', `/exports/${id}/download`],
      ['DELETE', `/exports/${id}`],
    ] as const) {
      expect([route, (await api.anonymous(method, route)).status, (await api.user(method, route)).status]).toEqual([
        route,
        401,
        403,
      ]);
    }
    const { headers } = await download(id);
    const log = await api.root('GET', `/audit-log?request_id=${String(headers['x-request-id'])}`);
    expect(log.body).toMatchObject([
      {
        action: 'export.download',
        target_type: 'export',
        target_id: String(id),
        outcome: 'succeeded',
        actor_name: 'root',
        status: 200,
      },
    ]);
  });

  test('of what is not there', async () => {
    expect((await download(999_999)).statusCode).toBe(404);
    for (const name of ['../x', '%2e%2e%2fetc%2fpasswd', 'x'])
      expect((await api.root('GET', `/exports/${name}/download`)).status).toBeGreaterThanOrEqual(404);
    // One that has begun is not listed.
    const execution = await insertExecution(db.database, { task_type: 'DATA_EXPORT', status: 'running' });
    const begun = await bench.records.begin({
      executionId: execution,
      source: 'posts',
      format: 'json',
      compression: 'none',
      storage: 'local',
      fileNames: ['begun.json', 'begun2.json'],
      expiresAt: new Date(),
    });
    expect((await download(begun.id)).statusCode).toBe(404);
    expect((await api.root('GET', '/exports')).body.map(({ id }: { id: number }) => id)).not.toContain(begun.id);
  });
});

describe('files that go', () => {
  const rowOf = async (id: number) => (await api.root('GET', `/exports/${id}`)).body;
  const expire = (id: number) =>
    db
      .database('exports')
      .where({ id })
      .update({ expires_at: new Date(Date.now() - 1_000) });

  test('DELETE removes the file and keeps the row; a second one changes nothing', async () => {
    const id = await exportOne();
    const place = path.join(bench.folder, (await rowOf(id)).file_name);
    expect(existsSync(place)).toBe(true);
    const deleted = await api.root('DELETE', `/exports/${id}`);
    expect([deleted.status, deleted.body]).toEqual([200, { success: true, id, message: 'The file was deleted' }]);
    expect(existsSync(place)).toBe(false);
    const row = await rowOf(id);
    expect(row).toMatchObject({ status: 'deleted', download_url: null });
    expect((await download(id)).statusCode).toBe(410);
    expect((await api.root('DELETE', `/exports/${id}`)).status).toBe(200);
    expect(await rowOf(id)).toEqual(row);
    expect((await api.root('DELETE', '/exports/999999')).status).toBe(404);
    expect((await api.root('GET', `/audit-log?action=export.delete&target_id=${id}`)).body).toHaveLength(2);
  });

  test('expired ones are not handed out, and the clean-up removes them with what broken-off exports left', async () => {
    const [expired, kept] = [await exportOne(), await exportOne()];
    await expire(expired);
    expect(await rowOf(expired)).toMatchObject({ status: 'expired', download_url: null });
    const refused = await download(expired);
    expect([refused.statusCode, refused.json()]).toEqual([410, { detail: 'The file has expired' }]);
    expect((await api.root('GET', '/exports?status=expired')).body).toMatchObject([{ id: expired }]);

    const [old, fresh] = ['.data_1_x.json.1.part', '.data_1_x.json.2.part'].map((name) =>
      path.join(bench.folder, name),
    ) as [string, string];
    for (const part of [old, fresh]) writeFileSync(part, 'half');
    const longAgo = new Date(Date.now() - 2 * 60 * 60 * 1_000);
    utimesSync(old, longAgo, longAgo);
    const failed = await insertExecution(db.database, { task_type: 'DATA_EXPORT', status: 'failed' });
    await bench.records.begin({
      executionId: failed,
      source: 'posts',
      format: 'json',
      compression: 'none',
      storage: 'local',
      fileNames: ['orphan.json', 'orphan2.json'],
      expiresAt: new Date(Date.now() + 9e9),
    });
    writeFileSync(path.join(bench.folder, 'orphan.json'), 'whole, but nobody knows');

    const before = readdirSync(bench.folder);
    const { bytes } = await rowOf(expired);
    const counts = {
      deleted_files: 1,
      deleted_bytes: bytes,
      deleted_abandoned: 1,
      deleted_temporaries: 1,
      days_old: null,
    };
    // Clean-ups ignore what they do not know.
    expect(await bench.run({ dry_run: true, colour: 'red' }, { taskType: cleanupExports })).toMatchObject({
      ...counts,
      dry_run: true,
    });
    expect(readdirSync(bench.folder)).toEqual(before);
    expect(await rowOf(expired)).toMatchObject({ status: 'expired' });

    expect(await bench.run({}, { taskType: cleanupExports })).toMatchObject({ ...counts, dry_run: false });
    const gone = before.filter((name) => !readdirSync(bench.folder).includes(name));
    expect(gone.sort()).toEqual([path.basename(old), (await rowOf(expired)).file_name, 'orphan.json'].sort());
    expect(await rowOf(expired)).toMatchObject({ status: 'deleted' });
    expect(await rowOf(kept)).toMatchObject({ status: 'available' });
    expect(await bench.run({}, { taskType: cleanupExports })).toMatchObject({
      deleted_files: 0,
      deleted_abandoned: 0,
      deleted_temporaries: 0,
    });
  });

  test('days_old removes younger ones too, in batches', async () => {
    const ids: number[] = [];
    for (let n = 0; n < 105; n += 1) ids.push(await exportOne({ filters: { authors: ['nobody'] } }));
    await db
      .database('exports')
      .whereIn('id', ids)
      .update({ created_at: new Date(Date.now() - 3 * 24 * 60 * 60 * 1_000) });
    const { deleted_files: files } = await bench.run({ days_old: 2 }, { taskType: cleanupExports });
    expect(files).toBe(105);
    expect(await db.database('exports').whereIn('id', ids).whereNull('deleted_at')).toEqual([]);
  });

  test('a file that somebody took away is a 410', async () => {
    const id = await exportOne();
    await createLocalFileStore(bench.folder).remove((await rowOf(id)).file_name);
    expect((await download(id)).statusCode).toBe(410);
  });
});

test('the list filters, and goes on where the page before ended', async () => {
  const made = [
    await exportOne({ source: 'configs' }),
    await exportOne({ source: 'configs', export_format: 'parquet' }),
    await exportOne({ source: 'executions', export_format: 'csv' }),
  ];
  const ids = async (query: string) =>
    (await api.root('GET', `/exports?${query}`)).body.map(({ id }: { id: number }) => id);
  expect(await ids('source=configs')).toEqual([made[1], made[0]]);
  expect(await ids('format=parquet&source=configs')).toEqual([made[1]]);
  expect(await ids('status=available&limit=1')).toEqual([made[2]]);
  const all = await ids('limit=200');
  const seen: number[] = [];
  let url: string | undefined = '/exports?limit=7';
  while (url) {
    const page = await api.root('GET', url);
    seen.push(...page.body.map(({ id }: { id: number }) => id));
    url = /<([^>]+)>; rel="next"/.exec(String(page.headers.link))?.[1];
  }
  expect(seen).toEqual(all);
  expect((await api.root('GET', '/exports?cursor=abc')).status).toBe(422);
  expect((await api.root('GET', '/exports?format=pdf')).status).toBe(422);
});

test('two runs of a config in the same second have two files', async () => {
  const configId = await insertConfig(db.database);
  const files = [await bench.run({}, { configId }), await bench.run({}, { configId })].map(
    ({ file_path: file }) => file,
  );
  expect(files[0]).toBe(`exports/data_${configId}_20260203_040506.json`);
  expect(files[1]).toMatch(new RegExp(`^exports/data_${configId}_20260203_040506_\\d+\\.json$`));
});

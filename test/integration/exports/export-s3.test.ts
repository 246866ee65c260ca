import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import type { AddressInfo } from 'node:net';
import S3rver from 's3rver';
import { S3Client, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { createProcessWriter } from '../../../src/exports/process/process-writer';
import { createS3FileStore } from '../../../src/platform/files/s3-file-store';
import { cleanupExports } from '../../../src/tasks/cleanup-exports';
import { connectTestTemporal } from '../../support/task-worker';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';
import { createTestApi, type TestApi } from '../../support/api-support';
import { createExportBench, insertContent, NASTY, readExport, type ExportBench } from '../../support/export-support';
import type { FileStore } from '../../../src/platform/files/file-store';
import type { TemporalConnection } from '../../../src/platform/temporal';

const credentials = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };
let folder: string;
let server: S3rver;
let endpoint: string;
let store: FileStore;
let client: S3Client;
let db: TestDatabase;
let temporal: TemporalConnection;
let bench: ExportBench;
let api: TestApi;

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'taskloom-s3-'));
  server = new S3rver({
    port: 0,
    address: '127.0.0.1',
    silent: true,
    directory: folder,
    configureBuckets: [{ name: 'bucket', configs: [] }],
  });
  const { port } = await server.run();
  endpoint = `http://127.0.0.1:${port}`;
  store = createS3FileStore({
    endpoint,
    bucket: 'bucket',
    region: 'us-east-1',
    credentials,
    prefix: 'taskloom/',
    isPathStyleForced: true,
  });
  client = new S3Client({ endpoint, region: 'us-east-1', credentials, forcePathStyle: true });
  [db, temporal] = await Promise.all([createTestDatabase(), connectTestTemporal()]);
  bench = createExportBench(db, store);
  api = await createTestApi({ database: db.database, temporal, files: store });
  await insertContent(db.database);
});
afterAll(async () => {
  client?.destroy();
  await api?.close();
  await temporal?.close();
  bench?.remove();
  await db?.drop();
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

const keys = async () =>
  ((await client.send(new ListObjectsV2Command({ Bucket: 'bucket' }))).Contents ?? []).map(({ Key }) => Key);
const signal = () => new AbortController().signal;
async function* megabytes(count: number, each?: (n: number) => void) {
  for (let n = 0; n < count; n += 1) {
    each?.(n);
    yield Buffer.alloc(1_000_000, n);
  }
}
async function bytesOf(name: string, range?: { start: number; end: number }) {
  const chunks: Buffer[] = [];
  for await (const chunk of await store.read(name, range)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

test('an export in a bucket is downloaded through the API, whole and in parts, and cleaned up', async () => {
  const result = await bench.run({ export_format: 'csv' });
  expect(result).toMatchObject({ storage: 's3' });
  const name = path.basename(result.file_path as string);
  expect(await keys()).toEqual([`taskloom/${name}`]);
  const url = `/api/v1/exports/${String(result.export_id)}/download`;
  const get = (range?: string) =>
    api.app.inject({ url, headers: { authorization: `Bearer ${api.tokens[0]}`, ...(range && { range }) } });
  const whole = await get();
  expect([whole.statusCode, createHash('sha256').update(whole.rawPayload).digest('hex')]).toEqual([200, result.sha256]);
  expect(await readExport('csv', whole.rawPayload)).toHaveLength(result.exported_records as number);
  const [begin, end] = [await get('bytes=0-4999'), await get('bytes=5000-')];
  expect([begin.statusCode, end.statusCode]).toEqual([206, 206]);
  expect(Buffer.concat([begin.rawPayload, end.rawPayload]).equals(whole.rawPayload)).toBe(true);

  await db.database('exports').update({ expires_at: new Date(0) });
  expect(await bench.run({ dry_run: true }, { taskType: cleanupExports })).toMatchObject({ deleted_files: 1 });
  expect(await keys()).toHaveLength(1);
  expect(await bench.run({}, { taskType: cleanupExports })).toMatchObject({ deleted_files: 1 });
  expect(await keys()).toEqual([]);
  expect((await get()).statusCode).toBe(410);
});

test('a file that is uploaded in several parts is complete', async () => {
  await store.write('large.bin', megabytes(40), signal());
  expect((await bytesOf('large.bin')).length).toBe(40_000_000);
  expect(await bytesOf('large.bin', { start: 39_999_998, end: 39_999_999 })).toEqual(Buffer.alloc(2, 39));
  await store.write('large.bin', megabytes(1), signal());
  expect((await bytesOf('large.bin')).length).toBe(1_000_000);
  expect([await store.remove('large.bin'), await store.remove('large.bin')]).toEqual([true, false]);
  await expect(store.read('large.bin')).rejects.toMatchObject({ name: 'FileMissingError' });
});

test('a cancelled or failed upload leaves no file', async () => {
  const stop = new AbortController();
  const reason = new Error('cancelled');
  await expect(
    store.write(
      `${randomUUID()}.bin`,
      megabytes(40, (n) => n === 20 && stop.abort(reason)),
      stop.signal,
    ),
  ).rejects.toBe(reason);
  const broken = new Error('the rows broke off');
  await expect(
    store.write(
      `${randomUUID()}.bin`,
      megabytes(40, (n) => {
        if (n === 20) throw broken;
      }),
      signal(),
    ),
  ).rejects.toBe(broken);
  expect(await keys()).toEqual([]);
});

test('the export process writes a file in one part and in several', async () => {
  const settings = {
    databaseUrl: db.url,
    files: {
      s3: {
        endpoint,
        bucket: 'bucket',
        region: 'us-east-1',
        credentials,
        prefix: 'taskloom/',
        isPathStyleForced: true,
      },
    },
  };
  const write = createProcessWriter({
    program: path.resolve(__dirname, '../../../dist/src/exports/process/export-process.js'),
    settings,
    env: process.env,
    files: store,
  });
  const request = {
    executionId: 1,
    configId: null,
    startedAt: new Date(),
    source: 'comments' as const,
    format: 'csv' as const,
    compression: 'none' as const,
    filters: {},
    areFormulasEscaped: true,
    areNamesEscaped: true,
    nullText: '',
    expiresInDays: null,
  };
  const expectFile = async (rows: number) => {
    const file = await write(request, 'own.csv', { signal: signal(), onProgress: () => undefined });
    const bytes = await bytesOf('own.csv');
    expect(file).toEqual({
      rows,
      bytes: bytes.length,
      truncatedCells: 0,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    });
    expect(await readExport('csv', bytes)).toHaveLength(rows);
    return bytes.length;
  };
  await expectFile(NASTY.length);
  await db.database.raw(
    `insert into reddit_comments (id, post_id, body, subreddit, reddit_created_at)
     select 'm' || n, 'p000', repeat('x', 9000), 'many', '2026-05-01' from generate_series(1, 4000) n`,
  );
  expect(await expectFile(NASTY.length + 4_000)).toBeGreaterThan(2 * 8 * 1024 * 1024);
  await store.remove('own.csv');
});

test('discard removes the uploads of a killed write, and no others', async () => {
  // s3rver cannot list uploads, which must not fail. The server below can.
  await store.discard('killed.csv');
  const removed: string[] = [];
  const upload = (key: string, id: string) =>
    `<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiated>2026-01-01T00:00:00.000Z</Initiated></Upload>`;
  const uploads = [
    upload('taskloom/killed.csv', 'one'),
    upload('taskloom/killed.csv.gz', 'two'),
    upload('taskloom/killed.csv', 'three'),
  ].join('');
  const listing = createServer((request, response) => {
    if (request.method === 'DELETE') removed.push(request.url ?? '');
    response.end(
      request.method === 'DELETE'
        ? ''
        : `<ListMultipartUploadsResult>${uploads}<IsTruncated>false</IsTruncated></ListMultipartUploadsResult>`,
    );
  }).listen(0, '127.0.0.1');
  await once(listing, 'listening');
  const { port } = listing.address() as AddressInfo;
  try {
    await createS3FileStore({
      endpoint: `http://127.0.0.1:${port}`,
      bucket: 'bucket',
      region: 'us-east-1',
      credentials,
      prefix: 'taskloom/',
      isPathStyleForced: true,
    }).discard('killed.csv');
  } finally {
    listing.close();
    listing.closeAllConnections();
  }
  expect(removed.map((url) => /^(.+)\?.*uploadId=(\w+)/.exec(url)?.slice(1))).toEqual([
    ['/bucket/taskloom/killed.csv', 'one'],
    ['/bucket/taskloom/killed.csv', 'three'],
  ]);
});

test('file names cannot lead out of the prefix', async () => {
  for (const name of ['../x', 'a/b', '', '.hidden', 'x'.repeat(200)])
    await expect(store.write(name, megabytes(1), signal())).rejects.toThrow('Not a file name');
});

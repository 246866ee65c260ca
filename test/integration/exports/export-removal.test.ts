import { existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createLocalFileStore } from '../../../src/platform/files/local-file-store';
import { cleanupExports } from '../../../src/tasks/cleanup-exports';
import { insertExecution } from '../../support/api-support';
import { createExportApiBench } from '../../support/export-api-support';

const stack = createExportApiBench();
const { download, exportOne } = stack;

const rowOf = async (id: number) => (await stack.api.root('GET', `/exports/${id}`)).body;
const expire = (id: number) =>
  stack.db
    .database('exports')
    .where({ id })
    .update({ expires_at: new Date(Date.now() - 1_000) });

test('DELETE removes the file and keeps the row, and a second DELETE changes nothing', async () => {
  const id = await exportOne();
  const place = path.join(stack.bench.folder, (await rowOf(id)).file_name);
  expect(existsSync(place)).toBe(true);
  const deleted = await stack.api.root('DELETE', `/exports/${id}`);
  expect([deleted.status, deleted.body]).toEqual([200, { success: true, id, message: 'The file was deleted' }]);
  expect(existsSync(place)).toBe(false);
  const row = await rowOf(id);
  expect(row).toMatchObject({ status: 'deleted', download_url: null });
  expect((await download(id)).statusCode).toBe(410);
  expect((await stack.api.root('DELETE', `/exports/${id}`)).status).toBe(200);
  expect(await rowOf(id)).toEqual(row);
  expect((await stack.api.root('DELETE', '/exports/999999')).status).toBe(404);
  expect((await stack.api.root('GET', `/audit-log?action=export.delete&target_id=${id}`)).body).toHaveLength(2);
});

test('expired files are refused, and the clean-up removes them and the remains of failed exports', async () => {
  const [expired, kept] = [await exportOne(), await exportOne()];
  await expire(expired);
  expect(await rowOf(expired)).toMatchObject({ status: 'expired', download_url: null });
  const refused = await download(expired);
  expect([refused.statusCode, refused.json()]).toEqual([410, { detail: 'The file has expired' }]);
  expect((await stack.api.root('GET', '/exports?status=expired')).body).toMatchObject([{ id: expired }]);

  const [old, fresh] = ['.data_1_x.json.1.part', '.data_1_x.json.2.part'].map((name) =>
    path.join(stack.bench.folder, name),
  ) as [string, string];
  for (const part of [old, fresh]) writeFileSync(part, 'half');
  const longAgo = new Date(Date.now() - 2 * 60 * 60 * 1_000);
  utimesSync(old, longAgo, longAgo);
  const failed = await insertExecution(stack.db.database, { task_type: 'DATA_EXPORT', status: 'failed' });
  await stack.bench.records.begin({
    executionId: failed,
    source: 'posts',
    format: 'json',
    compression: 'none',
    storage: 'local',
    fileNames: ['orphan.json', 'orphan2.json'],
    expiresAt: new Date(Date.now() + 9e9),
  });
  writeFileSync(path.join(stack.bench.folder, 'orphan.json'), 'whole, but nobody knows');

  const before = readdirSync(stack.bench.folder);
  const { bytes } = await rowOf(expired);
  const counts = {
    deleted_files: 1,
    deleted_bytes: bytes,
    deleted_abandoned: 1,
    deleted_temporaries: 1,
    days_old: null,
  };
  // Stored clean-ups ignore unknown parameters.
  expect(await stack.bench.run({ dry_run: true, colour: 'red' }, { taskType: cleanupExports })).toMatchObject({
    ...counts,
    dry_run: true,
  });
  expect(readdirSync(stack.bench.folder)).toEqual(before);
  expect(await rowOf(expired)).toMatchObject({ status: 'expired' });

  expect(await stack.bench.run({}, { taskType: cleanupExports })).toMatchObject({ ...counts, dry_run: false });
  const gone = before.filter((name) => !readdirSync(stack.bench.folder).includes(name));
  expect(gone.sort()).toEqual([path.basename(old), (await rowOf(expired)).file_name, 'orphan.json'].sort());
  expect(await rowOf(expired)).toMatchObject({ status: 'deleted' });
  expect(await rowOf(kept)).toMatchObject({ status: 'available' });
  expect(await stack.bench.run({}, { taskType: cleanupExports })).toMatchObject({
    deleted_files: 0,
    deleted_abandoned: 0,
    deleted_temporaries: 0,
  });
});

test('the clean-up with days_old removes unexpired files too, in batches', async () => {
  const ids: number[] = [];
  for (let n = 0; n < 105; n += 1) ids.push(await exportOne({ filters: { authors: ['nobody'] } }));
  await stack.db
    .database('exports')
    .whereIn('id', ids)
    .update({ created_at: new Date(Date.now() - 3 * 24 * 60 * 60 * 1_000) });
  const { deleted_files: files } = await stack.bench.run({ days_old: 2 }, { taskType: cleanupExports });
  expect(files).toBe(105);
  expect(await stack.db.database('exports').whereIn('id', ids).whereNull('deleted_at')).toEqual([]);
});

test('a download of a file that is missing in the folder is a 410', async () => {
  const id = await exportOne();
  await createLocalFileStore(stack.bench.folder).remove((await rowOf(id)).file_name);
  expect((await download(id)).statusCode).toBe(410);
});

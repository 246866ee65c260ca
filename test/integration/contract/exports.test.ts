import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createLocalFileStore } from '../../../src/platform/files/local-file-store';
import { faultsOf, NO_ID, useContract } from './contract-api';

const folder = mkdtempSync(path.join(os.tmpdir(), 'taskloom-exports-'));
const contract = useContract(['exports'], { files: createLocalFileStore(folder) });
const { root } = contract;
afterAll(() => rmSync(folder, { recursive: true }));

const CONTENT = 'id,title\r\np1,one\r\n';
async function insertExport(columns: object = {}): Promise<number> {
  const file_name = `data_${Math.random().toString(36).slice(2)}.csv`;
  writeFileSync(path.join(folder, file_name), CONTENT);
  const [row] = await contract
    .database('exports')
    .insert({
      source: 'posts',
      format: 'csv',
      compression: 'none',
      storage: 'local',
      file_name,
      bytes: CONTENT.length,
      row_count: 1,
      sha256: createHash('sha256').update(CONTENT).digest('hex'),
      completed_at: new Date(),
      expires_at: new Date(Date.now() + 60_000),
      ...columns,
    })
    .returning<{ id: number }[]>('id');
  return row?.id ?? 0;
}

test('exports can be listed, read, downloaded whole and in parts, and deleted', async () => {
  const id = await insertExport();
  expect(
    (await root('GET', '/exports?source=posts&format=csv&status=available')).body.map((row: { id: number }) => row.id),
  ).toEqual([id]);
  expect((await root('GET', `/exports/${id}`)).body).toMatchObject({
    id,
    status: 'available',
    rows: 1,
    bytes: CONTENT.length,
  });
  expect(await root('GET', `/exports/${id}/download`)).toMatchObject({ status: 200, text: CONTENT });
  expect(await root('GET', `/exports/${id}/download`, undefined, { range: 'bytes=3-7' })).toMatchObject({
    status: 206,
    text: 'title',
  });
  expect(await root('GET', `/exports/${id}/download`, undefined, { range: 'bytes=999-' })).toMatchObject({
    status: 416,
    body: { detail: expect.any(String) },
  });
  expect((await root('DELETE', `/exports/${id}`)).body).toMatchObject({ success: true, id });
  expect((await root('GET', `/exports/${id}/download`)).status).toBe(410);
  expect((await root('GET', `/exports/${id}`)).body).toMatchObject({ status: 'deleted', download_url: null });
});

test('answers an unknown export with 404, and a malformed request with 422 and all its faults', async () => {
  for (const [method, url] of [
    ['GET', `/exports/${NO_ID}`],
    ['GET', `/exports/${NO_ID}/download`],
    ['DELETE', `/exports/${NO_ID}`],
  ] as const)
    expect((await root(method, url)).status).toBe(404);
  expect(
    faultsOf(await root('GET', '/exports?limit=0&source=x&format=y&status=z&config_id=q&cursor=none')).map(
      ([, loc]) => loc,
    ),
  ).toEqual(['query.limit', 'query.source', 'query.format', 'query.config_id', 'query.status']);
});

contract.testCoverage();

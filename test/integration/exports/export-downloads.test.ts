import { createHash } from 'node:crypto';
import { insertExecution } from '../../support/api-support';
import { createExportApiBench } from '../../support/export-api-support';

const stack = createExportApiBench();
const { download, exportOne } = stack;

describe('a download', () => {
  let id: number;
  let whole: Buffer;
  beforeAll(async () => {
    id = await exportOne();
    whole = (await download(id)).rawPayload;
  });

  test('describes the file in its headers', async () => {
    const { headers } = await download(id);
    const { body } = await stack.api.root('GET', `/exports/${id}`);
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

  test('is resumed after an interruption, and its parts make up the file', async () => {
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
      (await stack.api.root('GET', `/exports/${id}`)).body.sha256,
    );
  });

  test('obeys a single range and ignores several ranges, other units and ranges of another version', async () => {
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

  test('is reserved to superusers, and recorded in the audit log', async () => {
    for (const [method, route] of [
      ['GET', '/exports'],
      ['GET', `/exports/${id}`],
      ['GET', `/exports/${id}/download`],
      ['DELETE', `/exports/${id}`],
    ] as const) {
      expect([
        route,
        (await stack.api.anonymous(method, route)).status,
        (await stack.api.user(method, route)).status,
      ]).toEqual([route, 401, 403]);
    }
    const { headers } = await download(id);
    const log = await stack.api.root('GET', `/audit-log?request_id=${String(headers['x-request-id'])}`);
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

  test('is not found for unknown ids, other names and unfinished exports', async () => {
    expect((await download(999_999)).statusCode).toBe(404);
    for (const name of ['../x', '%2e%2e%2fetc%2fpasswd', 'x'])
      expect((await stack.api.root('GET', `/exports/${name}/download`)).status).toBeGreaterThanOrEqual(404);
    // An unfinished export is not listed.
    const execution = await insertExecution(stack.db.database, { task_type: 'DATA_EXPORT', status: 'running' });
    const begun = await stack.bench.records.begin({
      executionId: execution,
      source: 'posts',
      format: 'json',
      compression: 'none',
      storage: 'local',
      fileNames: ['begun.json', 'begun2.json'],
      expiresAt: new Date(),
    });
    expect((await download(begun.id)).statusCode).toBe(404);
    expect((await stack.api.root('GET', '/exports')).body.map(({ id }: { id: number }) => id)).not.toContain(begun.id);
  });
});

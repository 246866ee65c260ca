import { createHash } from 'node:crypto';
import path from 'node:path';
import { insertConfig } from '../../support/api-support';
import { createExportApiBench } from '../../support/export-api-support';
import { waitFor } from '../../support/process';

const stack = createExportApiBench();
const { download, exportOne } = stack;

test('an export is submitted over REST, run by a worker, listed and downloaded', async () => {
  const configId = await insertConfig(stack.db.database, {
    task_type: 'DATA_EXPORT',
    parameters: { export_format: 'csv', filters: { subreddits: ['funny'] } },
  });
  const submitted = await stack.api.root('POST', `/tasks/execute/${configId}`);
  const run = await waitFor(async () => {
    const { body } = await stack.api.root('GET', `/tasks/executions/${submitted.body.task_id}`);
    return body?.status !== 'running' && body?.status && body;
  });
  const result = run.result.return_value;
  expect(result).toMatchObject({ config_id: configId, export_format: 'csv', date_range: null, exported_records: 14 });
  expect(result.file_path).toMatch(new RegExp(`^exports/data_${configId}_\\d{8}_\\d{6}\\.csv$`));

  const listed = await stack.api.root('GET', `/exports?config_id=${configId}`);
  expect(listed.body).toEqual([
    {
      id: result.export_id,
      execution_id: run.id,
      config_id: configId,
      created_by: stack.api.userIds[0],
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
  expect((await stack.api.root('GET', `/exports/${result.export_id}`)).body).toEqual(listed.body[0]);
  const file = await download(result.export_id);
  expect(file.statusCode).toBe(200);
  expect(createHash('sha256').update(file.rawPayload).digest('hex')).toBe(result.sha256);
});

test('invalid parameters are refused before anything is stored', async () => {
  const refused = (parameters: object) =>
    stack.api.root('POST', '/tasks/execute/by-type/DATA_EXPORT', { task_params: parameters });
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

test('the list filters, and continues where the previous page ended', async () => {
  const made = [
    await exportOne({ source: 'configs' }),
    await exportOne({ source: 'configs', export_format: 'parquet' }),
    await exportOne({ source: 'executions', export_format: 'csv' }),
  ];
  const ids = async (query: string) =>
    (await stack.api.root('GET', `/exports?${query}`)).body.map(({ id }: { id: number }) => id);
  expect(await ids('source=configs')).toEqual([made[1], made[0]]);
  expect(await ids('format=parquet&source=configs')).toEqual([made[1]]);
  expect(await ids('status=available&limit=1')).toEqual([made[2]]);
  const all = await ids('limit=200');
  const seen: number[] = [];
  let url: string | undefined = '/exports?limit=7';
  while (url) {
    const page = await stack.api.root('GET', url);
    seen.push(...page.body.map(({ id }: { id: number }) => id));
    url = /<([^>]+)>; rel="next"/.exec(String(page.headers.link))?.[1];
  }
  expect(seen).toEqual(all);
  expect((await stack.api.root('GET', '/exports?cursor=abc')).status).toBe(422);
  expect((await stack.api.root('GET', '/exports?format=pdf')).status).toBe(422);
});

test('two runs of a config in the same second write two files', async () => {
  const configId = await insertConfig(stack.db.database);
  const files = [await stack.bench.run({}, { configId }), await stack.bench.run({}, { configId })].map(
    ({ file_path: file }) => file,
  );
  expect(files[0]).toBe(`exports/data_${configId}_20260203_040506.json`);
  expect(files[1]).toMatch(new RegExp(`^exports/data_${configId}_20260203_040506_\\d+\\.json$`));
});

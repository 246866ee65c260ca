import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createExcelFormat } from '../../../src/exports/formats/excel-format';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';
import { insertConfig, insertExecution } from '../../support/api-support';
import {
  createExportBench,
  insertContent,
  NASTY,
  readExport,
  readSheets,
  type Cells,
  type ExportBench,
} from '../../support/export-support';

let db: TestDatabase;
let bench: ExportBench;

const BIG = '{"id": 123456789012345678901234567890, "deep": {"list": [1, null, "é"]}}';
const SECRETS = { url: 'https://example.org', api_key: 'SECRET1', nested: [{ Password: 'SECRET2' }] };

beforeAll(async () => {
  db = await createTestDatabase();
  bench = createExportBench(db);
  await insertContent(db.database);
  const configId = await insertConfig(db.database, {
    name: 'größe "x"',
    description: '=cmd()',
    parameters: SECRETS,
    created_at: '2026-01-01T00:00:00Z',
  });
  await insertConfig(db.database, {
    task_type: 'SEND_EMAIL',
    name: 'mail',
    parameters: { to_email: 'SECRET3@example.org', subject: 'SECRET4', content: 'SECRET5' },
    schedule_status: 'paused',
    created_at: '2026-01-02T00:00:00Z',
  });
  await insertExecution(db.database, {
    config_id: configId,
    result: BIG,
    started_at: '2026-01-01T00:00:00.000Z',
    duration_seconds: 1.234,
  });
  await insertExecution(db.database, {
    task_type: 'TEST_FAILURE',
    status: 'failed',
    error_message: 'a,\r\n"b"',
    started_at: '2026-01-02T00:00:00.000Z',
    duration_seconds: null,
    completed_at: null,
  });
  const LETTER_RUN = {
    status: 'timed_out',
    parameters: { subject: 'SECRET6' },
    error_message: 'SECRET7',
    started_at: '2026-03-01T00:00:00.000Z',
  };
  await insertExecution(db.database, { task_type: 'SEND_EMAIL', ...LETTER_RUN });
  await insertExecution(db.database, { task_type: 'NO_LONGER_THERE', ...LETTER_RUN });
});
afterAll(async () => {
  bench?.remove();
  await db?.drop();
});

const TABLES: Record<string, string> = {
  posts: 'select * from reddit_posts order by reddit_created_at, id',
  comments: 'select * from reddit_comments order by reddit_created_at, id',
  executions:
    "select e.*, k.name as config_name, coalesce(e.task_type, k.task_type) as task_type, e.parameters::text as parameters, e.result::text as result from task_executions e left join task_configs k on k.id = e.config_id where e.started_at < '2026-02-01' order by started_at, e.id",
  configs:
    'select *, parameters::text as parameters, schedule_config::text as schedule_config from task_configs order by created_at, id',
};
const JSON_COLUMNS = ['parameters', 'schedule_config', 'result'];
const fileOf = (result: Cells) => readFileSync(path.join(bench.folder, path.basename(result.file_path as string)));

const FORMULA = /^[=+\-@\t\r\n]/;
const TEXTS = ['title', 'content', 'body', 'description', 'name', 'author', 'config_name', 'error_message'];
/** What a reader of that format should find for a value of the database. */
function expectedCell(format: string, name: string, value: unknown): unknown {
  if (value === null) return null;
  if (JSON_COLUMNS.includes(name)) return format.includes('json') ? JSON.parse(value as string) : value;
  // Of the fraction of a day that a moment is in Excel, the reader cuts off what is left of a millisecond.
  if (value instanceof Date && format === 'excel')
    return {
      asymmetricMatch: (read: unknown) => read instanceof Date && [0, 1].includes(value.getTime() - read.getTime()),
    };
  if (value instanceof Date) return format === 'csv' || format.includes('json') ? value.toISOString() : value;
  if (format === 'csv')
    return TEXTS.includes(name) && FORMULA.test(value as string) ? `'${value as string}` : `${value as number}`;
  // An empty text is read back as nothing.
  if (format === 'excel' && typeof value === 'string') return value === '' ? null : value.slice(0, 32_767);
  return value;
}

describe.each(['json', 'ndjson', 'csv', 'excel', 'parquet'])('%s', (format) => {
  test.each(['posts', 'comments', 'executions', 'configs'])('%s, as PostgreSQL has them', async (source) => {
    const result = await bench.run({
      export_format: format,
      source,
      date_range: source === 'executions' ? { to: '2026-02-01' } : null,
    });
    const bytes = fileOf(result);
    const rows = await readExport(format, bytes);
    const { rows: stored } = await db.database.raw<{ rows: Cells[] }>(TABLES[source] ?? '');
    expect(stored.length).toBeGreaterThan(1);
    const columns = Object.keys(rows[0] ?? {});
    expect(columns.length).toBeGreaterThan(12);
    const expected = stored.map((row) =>
      Object.fromEntries(
        columns.map((name) => [
          name,
          name === 'parameters' && source !== 'comments'
            ? expect.anything()
            : expectedCell(format, name, row[name] ?? null),
        ]),
      ),
    );
    expect(rows).toEqual(expected);
    expect(result).toMatchObject({
      exported_records: stored.length,
      export_format: format,
      source,
      file_size_bytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      storage: 'local',
      truncated_cells:
        format === 'excel'
          ? NASTY.filter((text) => text.length > 32_767).length * ({ posts: 2, comments: 1 }[source] ?? 0)
          : 0,
    });
    expect(bytes.includes('SECRET')).toBe(false);
  });

  test('nothing', async () => {
    const result = await bench.run({ export_format: format, filters: { authors: ['nobody'] } });
    expect(result).toMatchObject({ exported_records: 0 });
    expect(await readExport(format, fileOf(result))).toEqual([]);
  });
});

test('numbers that JavaScript cannot hold are exported with all their digits', async () => {
  const result = await bench.run({ export_format: 'ndjson', source: 'executions', date_range: { to: '2026-02-01' } });
  expect(fileOf(result).toString()).toContain('123456789012345678901234567890');
});

test('secrets and letters are blackened, what is beside them is not', async () => {
  const rows = await readExport('json', fileOf(await bench.run({ source: 'configs' })));
  expect(rows.map(({ parameters }) => parameters)).toEqual([
    { url: 'https://example.org', api_key: '[redacted]', nested: [{ Password: '[redacted]' }] },
    { to_email: '[redacted]', subject: '[redacted]', content: '[redacted]' },
  ]);
  const runs = await readExport(
    'json',
    fileOf(await bench.run({ source: 'executions', date_range: { from: '2026-03-01', to: '2026-03-02' } })),
  );
  const blackened = { parameters: { subject: '[redacted]' }, error_message: '[redacted]' };
  expect(runs).toEqual([
    expect.objectContaining({ task_type: 'SEND_EMAIL', ...blackened }),
    expect.objectContaining({ task_type: 'NO_LONGER_THERE', ...blackened }),
  ]);
});

test('formulas stay as they are where somebody asks for it', async () => {
  const rows = await readExport(
    'csv',
    fileOf(await bench.run({ export_format: 'csv', source: 'comments', escape_formulas: false })),
  );
  expect(rows.map(({ body }) => body)).toEqual(NASTY);
});

/** Python's own reader ends a record at any line break outside quotes, as most others do. */
const hasPython = spawnSync('python3', ['--version']).status === 0;
(hasPython ? test : test.skip)(
  'another reader finds as many records, each with as many cells as the header',
  async () => {
    const { file_path: file } = await bench.run({ export_format: 'csv', source: 'comments' });
    const program =
      'import csv, json, sys; print(json.dumps([row for row in csv.reader(open(sys.argv[1], newline="", encoding="utf-8"), strict=True)]))';
    const { stdout, stderr } = spawnSync(
      'python3',
      ['-c', program, path.join(bench.folder, path.basename(file as string))],
      { encoding: 'utf8' },
    );
    expect(stderr).toBe('');
    const [header = [], ...records] = JSON.parse(stdout) as string[][];
    expect(records.map((record) => record.length)).toEqual(NASTY.map(() => header.length));
    expect(records.map((record) => record[header.indexOf('body')])).toEqual(
      NASTY.map((text) => (FORMULA.test(text) ? `'${text}` : text)),
    );
  },
);

test('gzip', async () => {
  const result = await bench.run({ compression: 'gzip' });
  expect(result.file_path).toMatch(/\.json\.gz$/);
  expect(await readExport('json.gz', fileOf(result))).toHaveLength(NASTY.length);
});

test('a row group of Parquet and a sheet of Excel end when they are full, and another begins', async () => {
  const columns = [{ name: 'n', kind: 'integer', isNullable: false } as const];
  const pages = async function* () {
    for (let page = 0; page < 5; page += 1) yield Array.from({ length: 3 }, (_, index) => ({ n: page * 3 + index }));
  };
  const write = async (sheetRows: number) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of createExcelFormat(sheetRows)({
      columns,
      pages: pages(),
      areFormulasEscaped: true,
      onTruncated: () => undefined,
    }))
      chunks.push(chunk);
    return (await readSheets(Buffer.concat(chunks))).map((sheet) => sheet.map(({ n }) => n));
  };
  expect(await write(8)).toEqual([[0, 1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12, 13], [14]]);
  // Neither an empty sheet nor a lost row where the last one is just full.
  expect(await write(16)).toEqual([Array.from({ length: 15 }, (_, n) => n)]);

  await db.database.raw(
    "insert into reddit_comments (id, post_id, body, subreddit, reddit_created_at) select 'm' || n, 'p000', 'x' || n, 'many', '2026-05-01' from generate_series(1, 45000) n",
  );
  const rows = await readExport(
    'parquet',
    fileOf(await bench.run({ export_format: 'parquet', source: 'comments', filters: { subreddits: ['r/MANY'] } })),
  );
  expect(new Set(rows.map(({ id }) => id)).size).toBe(45_000);
  const { parquetMetadata } = await import('hyparquet');
  const bytes = readFileSync(
    path.join(
      bench.folder,
      readdirSync(bench.folder)
        .filter((name) => name.endsWith('.parquet'))
        .at(-1) ?? '',
    ),
  );
  const { row_groups: groups, schema } = parquetMetadata(
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
  );
  expect(groups.length).toBeGreaterThan(1);
  expect(schema.find(({ name }) => name === 'reddit_created_at')).toMatchObject({
    type: 'INT64',
    repetition_type: 'REQUIRED',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true },
  });
  expect(schema.find(({ name }) => name === 'author')).toMatchObject({ repetition_type: 'OPTIONAL' });
  expect(schema.find(({ name }) => name === 'score')).toMatchObject({ type: 'INT32' });
  await db.database('reddit_comments').where({ subreddit: 'many' }).delete();
});

describe('which rows', () => {
  const idsOf = async (parameters: object) =>
    (await readExport('json', fileOf(await bench.run(parameters)))).map(({ id }) => id);
  const minute = (number: number) => `2026-01-01T00:${String(number).padStart(2, '0')}:00.123`;

  test('the date range begins with its from and ends before its to', async () => {
    expect(await idsOf({ date_range: { from: minute(2), to: minute(4) } })).toEqual(['p002', 'p003']);
    expect(await idsOf({ date_range: { from: `${minute(2)}Z`, to: '2026-01-01T01:04:00.124+01:00' } })).toEqual([
      'p002',
      'p003',
      'p004',
    ]);
    expect(await idsOf({ date_range: { to: '2026-01-01' } })).toEqual([]);
    expect(await idsOf({ date_range: {} })).toHaveLength(NASTY.length);
  });

  test('filters of each source', async () => {
    expect(await idsOf({ filters: { subreddits: ['r/PICS'], min_score: 240 } })).toEqual(['p025']);
    expect(await idsOf({ filters: { authors: ['author1'], subreddits: ['pics'] } })).toEqual(
      ['p001', 'p005', 'p013', 'p017', 'p025'].filter((id) => Number(id.slice(1)) % 3 !== 0),
    );
    expect(await idsOf({ source: 'comments', filters: { post_ids: ['p001'], min_score: 15 } })).toEqual([
      'c022',
      'c025',
    ]);
    expect(await idsOf({ source: 'executions', filters: { statuses: ['failed'] } })).toHaveLength(1);
    expect(
      await idsOf({ source: 'executions', filters: { task_types: ['TEST_TIMEOUT'], config_ids: [1] } }),
    ).toHaveLength(1);
    expect(await idsOf({ source: 'configs', filters: { statuses: ['paused'], task_types: ['SEND_EMAIL'] } })).toEqual([
      2,
    ]);
    expect(await idsOf({ source: 'configs', filters: { config_ids: [1] } })).toEqual([1]);
  });

  test('those that were there when it began, whatever happens meanwhile', async () => {
    const before = await idsOf({});
    let meanwhile: Promise<unknown> | undefined;
    // After the count and before the first page.
    const result = await bench.run(
      {},
      {
        onProgress: () =>
          void (meanwhile ??= db
            .database('reddit_posts')
            .insert({ id: 'late', title: 't', subreddit: 's', reddit_created_at: '2026-01-01T00:00:01Z' })
            .then(() => undefined)),
      },
    );
    await meanwhile;
    expect((await readExport('json', fileOf(result))).map(({ id }) => id)).toEqual(before);
    expect(await idsOf({})).toContain('late');
    await db.database('reddit_posts').where({ id: 'late' }).delete();
  });
});

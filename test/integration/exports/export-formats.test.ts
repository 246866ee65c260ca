import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createExcelFormat } from '../../../src/exports/formats/excel-format';
import {
  NASTY,
  readExport,
  readSheets,
  type Cells,
  type ExportBench,
  useExportBench,
} from '../../support/export-support';
import { readByPython, testWithPython } from '../../support/python-reader';
import type { TestDatabase } from '../../support/test-database';

let db: TestDatabase;
let bench: ExportBench;

useExportBench((stack) => ({ db, bench } = stack));

const TABLES: Record<string, string> = {
  posts: 'select * from reddit_posts order by reddit_created_at, id',
  comments: 'select * from reddit_comments order by reddit_created_at, id',
  executions: `select e.*, k.name as config_name, coalesce(e.task_type, k.task_type) as task_type,
       e.parameters::text as parameters, e.result::text as result
     from task_executions e left join task_configs k on k.id = e.config_id
     where e.started_at < '2026-02-01' order by started_at, e.id`,
  configs: `select *, parameters::text as parameters, schedule_config::text as schedule_config
     from task_configs order by created_at, id`,
};
const JSON_COLUMNS = ['parameters', 'schedule_config', 'result'];
/** Columns whose cells get a leading apostrophe when a spreadsheet would read them as a formula. */
const TEXTS = ['title', 'content', 'body', 'description', 'name', 'author', 'config_name', 'error_message'];
const escapeTwoLines = (text: string) => text.replace('two\n=1+1', "two\n'=1+1");
const escaped = (text: string) => (/^[=+\-@\t\r\n]/.test(text) ? `'${text}` : escapeTwoLines(text));

/** What a reader of a format finds for a value of the database that is not null. */
const CELL_READERS: Record<string, (name: string, value: unknown) => unknown> = {
  json: jsonCell,
  ndjson: jsonCell,
  csv: csvCell,
  excel: excelCell,
  parquet: (_, value) => value,
};
const expectedCell = (format: string, name: string, value: unknown) =>
  value === null ? null : CELL_READERS[format]!(name, value);

function jsonCell(name: string, value: unknown): unknown {
  if (JSON_COLUMNS.includes(name)) return JSON.parse(value as string);
  return value instanceof Date ? value.toISOString() : value;
}

function csvCell(name: string, value: unknown): unknown {
  if (JSON_COLUMNS.includes(name)) return value;
  if (value instanceof Date) return value.toISOString();
  return TEXTS.includes(name) ? escaped(value as string) : `${value as number}`;
}

function excelCell(name: string, value: unknown): unknown {
  if (JSON_COLUMNS.includes(name)) return value;
  // Excel stores a time as a fraction of a day, of which the reader truncates the last millisecond.
  if (value instanceof Date)
    return {
      asymmetricMatch: (read: unknown) => read instanceof Date && [0, 1].includes(value.getTime() - read.getTime()),
    };
  // An empty text is read back as nothing.
  if (value === '') return null;
  return typeof value === 'string' ? value.slice(0, 32_767) : value;
}

describe.each(['json', 'ndjson', 'csv', 'excel', 'parquet'])('%s', (format) => {
  test.each(['posts', 'comments', 'executions', 'configs'])('exports %s as PostgreSQL has them', async (source) => {
    const result = await bench.run({
      export_format: format,
      source,
      date_range: source === 'executions' ? { to: '2026-02-01' } : null,
    });
    const bytes = bench.read(result);
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

  test('exports nothing when no row matches', async () => {
    const result = await bench.run({ export_format: format, filters: { authors: ['nobody'] } });
    expect(result).toMatchObject({ exported_records: 0 });
    expect(await readExport(format, bench.read(result))).toEqual([]);
  });
});

test('numbers that JavaScript cannot hold are exported with all their digits', async () => {
  const result = await bench.run({ export_format: 'ndjson', source: 'executions', date_range: { to: '2026-02-01' } });
  expect(bench.read(result).toString()).toContain('123456789012345678901234567890');
});

test('secrets and the contents of mails are redacted, and nothing else is', async () => {
  const rows = await readExport('json', bench.read(await bench.run({ source: 'configs' })));
  expect(rows.map(({ parameters }) => parameters)).toEqual([
    { url: 'https://example.org', api_key: '[redacted]', nested: [{ Password: '[redacted]' }] },
    { to_email: '[redacted]', subject: '[redacted]', content: '[redacted]' },
  ]);
  const runs = await readExport(
    'json',
    bench.read(await bench.run({ source: 'executions', date_range: { from: '2026-03-01', to: '2026-03-02' } })),
  );
  const redacted = { parameters: { subject: '[redacted]' }, error_message: '[redacted]' };
  expect(runs).toEqual([
    expect.objectContaining({ task_type: 'SEND_EMAIL', ...redacted }),
    expect.objectContaining({ task_type: 'NO_LONGER_THERE', ...redacted }),
  ]);
});

test('formulas are not escaped when escape_formulas is false', async () => {
  const rows = await readExport(
    'csv',
    bench.read(await bench.run({ export_format: 'csv', source: 'comments', escape_formulas: false })),
  );
  expect(rows.map(({ body }) => body)).toEqual(NASTY);
});

/** Python's csv reader ends a record at any line break outside quotes, as most others do. */
testWithPython('Python reads as many CSV records, each with as many cells as the header', async () => {
  const { file_path: file } = await bench.run({ export_format: 'csv', source: 'comments' });
  const program = [
    'import csv, json, sys',
    'file = open(sys.argv[1], newline="", encoding="utf-8")',
    'print(json.dumps([row for row in csv.reader(file, strict=True)]))',
  ];
  const [header = [], ...records] = readByPython<string[][]>(
    program,
    path.join(bench.folder, path.basename(file as string)),
  );
  expect(records.map((record) => record.length)).toEqual(NASTY.map(() => header.length));
  expect(records.map((record) => record[header.indexOf('body')])).toEqual(NASTY.map(escaped));
});

test('compression with gzip leaves the content as it is', async () => {
  const result = await bench.run({ compression: 'gzip' });
  expect(result.file_path).toMatch(/\.json\.gz$/);
  expect(await readExport('json.gz', bench.read(result))).toHaveLength(NASTY.length);
});

test('full row groups of Parquet and full sheets of Excel are followed by new ones', async () => {
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
      areNamesEscaped: true,
      nullText: '',
      onTruncated: () => undefined,
    }))
      chunks.push(chunk);
    return (await readSheets(Buffer.concat(chunks))).map((sheet) => sheet.map(({ n }) => n));
  };
  expect(await write(8)).toEqual([[0, 1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12, 13], [14]]);
  // When the rows exactly fill the last sheet, no row is lost and no empty sheet follows.
  expect(await write(16)).toEqual([Array.from({ length: 15 }, (_, n) => n)]);

  await db.database.raw(
    `insert into reddit_comments (id, post_id, body, subreddit, reddit_created_at)
     select 'm' || n, 'p000', 'x' || n, 'many', '2026-05-01' from generate_series(1, 45000) n`,
  );
  const rows = await readExport(
    'parquet',
    bench.read(await bench.run({ export_format: 'parquet', source: 'comments', filters: { subreddits: ['r/MANY'] } })),
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

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { createExports } from '../../src/exports/create-exports';
import { createFileWriter } from '../../src/exports/file-writer';
import { createLocalFileStore } from '../../src/platform/files/local-file-store';
import { connectClient } from '../../src/platform/postgres/postgres-client';
import { createExportRepository, type ExportRepository } from '../../src/storage/exports/export-repository';
import { createExportSourceRepository } from '../../src/storage/exports/export-source-repository';
import { dataExport } from '../../src/tasks/data-export';
import { insertConfig, insertExecution } from './api-support';
import { createTestContext } from './task-context';
import type { FileStore } from '../../src/platform/files/file-store';
import type { Database } from '../../src/platform/postgres/postgres';
import { type TestDatabase, useTestDatabase } from './test-database';
import type { Exports } from '../../src/tasks/ports/exports';
import type { TaskType } from '../../src/tasks/task-type';

export type Cells = Record<string, unknown>;

/** Texts that need escaping or special care in some export format. */
export const NASTY = [
  'plain',
  '',
  ' blanks around ',
  '=1+1',
  '+49 30',
  '-5 apples',
  '@someone',
  '\tx',
  'a,\rb;c',
  'say\n"hi"',
  "\nit's",
  'two\n=1+1\n',
  'two\r\nlines',
  'cr\ralone',
  '<b>&amp;</b>',
  ']]>',
  '_x000D_',
  'bell\u0007',
  '日本語',
  'עברית',
  '👩‍👩‍👧 family',
  'e\u0301',
  '\u2028',
  'null',
  '0012',
  '1e5',
  'x'.repeat(33_000),
];

export async function insertContent(database: Database): Promise<void> {
  const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute, 0, 123));
  const posts = NASTY.map((text, index) => ({
    id: `p${String(index).padStart(3, '0')}`,
    title: text,
    author: index % 3 === 0 ? null : `author${index % 4}`,
    subreddit: index % 2 === 0 ? 'Funny' : 'pics',
    subreddit_subscribers: index === 1 ? null : 2_147_483_647,
    content: index % 5 === 0 ? null : text,
    score: index === 2 ? -2_147_483_648 : index * 10,
    upvote_ratio: index === 3 ? null : 0.875,
    num_comments: 1,
    is_self: index % 2 === 0,
    is_nsfw: false,
    is_spoiler: true,
    edited_at: index % 4 === 0 ? at(index) : null,
    reddit_created_at: at(index),
    first_seen_at: at(100),
    scraped_at: at(200),
  }));
  await database('reddit_posts').insert(posts);
  await database('reddit_comments').insert(
    NASTY.map((text, index) => ({
      id: `c${String(index).padStart(3, '0')}`,
      post_id: `p${String(index % 3).padStart(3, '0')}`,
      parent_id: index % 2 === 0 ? null : 't1_x',
      author: index % 3 === 0 ? null : 'me',
      body: text,
      subreddit: 'Funny',
      depth: index,
      score: index - 5,
      reddit_created_at: at(index),
      scraped_at: at(3),
    })),
  );
}

/** Inserts configs and executions whose secrets an export must redact. */
async function insertConfigsAndExecutions(database: Database): Promise<void> {
  const configId = await insertConfig(database, {
    name: 'größe "x"',
    description: '=cmd()',
    parameters: { url: 'https://example.org', api_key: 'SECRET1', nested: [{ Password: 'SECRET2' }] },
    created_at: '2026-01-01T00:00:00Z',
  });
  await insertConfig(database, {
    task_type: 'SEND_EMAIL',
    name: 'mail',
    parameters: { to_email: 'SECRET3@example.org', subject: 'SECRET4', content: 'SECRET5' },
    schedule_status: 'paused',
    created_at: '2026-01-02T00:00:00Z',
  });
  await insertExecution(database, {
    config_id: configId,
    result: '{"id": 123456789012345678901234567890, "deep": {"list": [1, null, "é"]}}',
    started_at: '2026-01-01T00:00:00.000Z',
    duration_seconds: 1.234,
  });
  await insertExecution(database, {
    task_type: 'TEST_FAILURE',
    status: 'failed',
    error_message: 'a,\r\n"b"',
    started_at: '2026-01-02T00:00:00.000Z',
    duration_seconds: null,
    completed_at: null,
  });
  const mailRun = {
    status: 'timed_out',
    parameters: { subject: 'SECRET6' },
    error_message: 'SECRET7',
    started_at: '2026-03-01T00:00:00.000Z',
  };
  await insertExecution(database, { task_type: 'SEND_EMAIL', ...mailRun });
  await insertExecution(database, { task_type: 'NO_LONGER_THERE', ...mailRun });
}

/** Reads an export with other libraries than the writers'. JSON columns are strings except in the JSON formats. */
export async function readExport(format: string, bytes: Buffer): Promise<Cells[]> {
  switch (format) {
    case 'json':
      return JSON.parse(bytes.toString()) as Cells[];
    case 'json.gz':
      return JSON.parse(gunzipSync(bytes).toString()) as Cells[];
    case 'ndjson':
      return bytes
        .toString()
        .trim()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Cells);
    case 'csv':
      return readCsv(bytes);
    case 'parquet':
      return readParquet(bytes);
    default:
      return (await readSheets(bytes)).flat();
  }
}

function readCsv(bytes: Buffer): Cells[] {
  expect(bytes.toString()).toMatch(/\r\n$/);
  // Only unquoted empty cells are null. Outside quotes, any line break that some reader accepts ends a record.
  const cast = (value: string, { quoting, header }: { quoting: boolean; header: boolean }) =>
    value === '' && !quoting && !header ? null : value;
  return parse(bytes, { columns: true, cast, record_delimiter: ['\r\n', '\n', '\r'] }) as unknown as Cells[];
}

async function readParquet(bytes: Buffer): Promise<Cells[]> {
  const { parquetReadObjects } = await import('hyparquet');
  return (await parquetReadObjects({
    file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer,
  })) as Cells[];
}

/** The rows of each sheet, by the header of that sheet. */
export async function readSheets(bytes: Buffer): Promise<Cells[][]> {
  const { default: readWorkbook } = await import('read-excel-file/node');
  const sheets = (await readWorkbook(bytes, { trim: false })) as unknown as { data: unknown[][] }[];
  return sheets.map(({ data: [header = [], ...rows] }) =>
    rows.map((row) => Object.fromEntries(header.map((name, index) => [name as string, row[index] ?? null]))),
  );
}

export interface ExportBench {
  folder: string;
  exports: Exports;
  records: ExportRepository;
  /** Runs the task type itself, for a new execution unless one is given. */
  run(
    parameters: object,
    options?: {
      taskType?: TaskType;
      executionId?: number;
      configId?: number;
      signal?: AbortSignal;
      onProgress?: (cursor: unknown) => void;
    },
  ): Promise<Cells>;
  /** The bytes of the file that a run wrote. */
  read(result: Cells): Buffer;
  remove(): void;
}

/** Runs exports in this process, wired as in the worker, into a temporary folder or the given store. */
export function createExportBench(
  { database, url }: Pick<TestDatabase, 'database' | 'url'>,
  store?: FileStore,
): ExportBench {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'taskloom-exports-'));
  const records = createExportRepository(database);
  const files = store ?? createLocalFileStore(folder);
  const sources = createExportSourceRepository({ connect: () => connectClient({ url, applicationName: 'test' }) });
  const exports = createExports({ writeFile: createFileWriter({ sources, files }), records, files, expiresInDays: 7 });
  return {
    folder,
    exports,
    records,
    async run(parameters, { taskType = dataExport, executionId, configId, signal, onProgress } = {}) {
      const context = createTestContext({
        configId: configId ?? null,
        executionId:
          executionId ??
          (await insertExecution(database, {
            task_type: taskType.name,
            status: 'running',
            config_id: configId ?? null,
          })),
        startedAt: new Date('2026-02-03T04:05:06.789Z'),
        signal,
        saveCursor: (cursor) => onProgress?.(cursor),
        services: { exports },
      });
      return (await taskType.run(context, taskType.storedParameters.parse(parameters))) as Cells;
    },
    read: ({ file_path: file }) => readFileSync(path.join(folder, path.basename(file as string))),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A database with rows of each source and exports of it, for all tests of this file; `use` is given them. */
export function useExportBench(use: (stack: { db: TestDatabase; bench: ExportBench }) => void): void {
  let db: TestDatabase;
  let bench: ExportBench | undefined;
  afterAll(() => bench?.remove());
  useTestDatabase('file', (created) => (db = created));
  beforeAll(async () => {
    bench = createExportBench(db);
    await insertContent(db.database);
    await insertConfigsAndExecutions(db.database);
    use({ db, bench });
  });
}

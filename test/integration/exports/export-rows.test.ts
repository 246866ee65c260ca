import { NASTY, readExport, type ExportBench, useExportBench } from '../../support/export-support';
import type { TestDatabase } from '../../support/test-database';

let db: TestDatabase;
let bench: ExportBench;

useExportBench((stack) => ({ db, bench } = stack));

const idsOf = async (parameters: object) =>
  (await readExport('json', bench.read(await bench.run(parameters)))).map(({ id }) => id);
const minute = (number: number) => `2026-01-01T00:${String(number).padStart(2, '0')}:00.123`;

test('the date range includes its from and excludes its to', async () => {
  expect(await idsOf({ date_range: { from: minute(2), to: minute(4) } })).toEqual(['p002', 'p003']);
  expect(await idsOf({ date_range: { from: `${minute(2)}Z`, to: '2026-01-01T01:04:00.124+01:00' } })).toEqual([
    'p002',
    'p003',
    'p004',
  ]);
  expect(await idsOf({ date_range: { to: '2026-01-01' } })).toEqual([]);
  expect(await idsOf({ date_range: {} })).toHaveLength(NASTY.length);
});

test('each source obeys its filters', async () => {
  expect(await idsOf({ filters: { subreddits: ['r/PICS'], min_score: 240 } })).toEqual(['p025']);
  expect(await idsOf({ filters: { authors: ['author1'], subreddits: ['pics'] } })).toEqual(
    ['p001', 'p005', 'p013', 'p017', 'p025'].filter((id) => Number(id.slice(1)) % 3 !== 0),
  );
  expect(await idsOf({ source: 'comments', filters: { post_ids: ['p001'], min_score: 15 } })).toEqual(['c022', 'c025']);
  expect(await idsOf({ source: 'executions', filters: { statuses: ['failed'] } })).toHaveLength(1);
  expect(
    await idsOf({ source: 'executions', filters: { task_types: ['TEST_TIMEOUT'], config_ids: [1] } }),
  ).toHaveLength(1);
  expect(await idsOf({ source: 'configs', filters: { statuses: ['paused'], task_types: ['SEND_EMAIL'] } })).toEqual([
    2,
  ]);
  expect(await idsOf({ source: 'configs', filters: { config_ids: [1] } })).toEqual([1]);
});

test('an export has the rows of its beginning, whatever is inserted meanwhile', async () => {
  const before = await idsOf({});
  let meanwhile: Promise<unknown> | undefined;
  // Inserts a row after the count and before the first page.
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
  expect((await readExport('json', bench.read(result))).map(({ id }) => id)).toEqual(before);
  expect(await idsOf({})).toContain('late');
  await db.database('reddit_posts').where({ id: 'late' }).delete();
});

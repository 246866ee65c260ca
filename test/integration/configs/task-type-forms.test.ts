import Ajv from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { taskTypes } from '../../../src/tasks/registry';
import { connectTestTemporal } from '../../support/task-worker';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';
import { createTestApi, type TestApi } from '../../support/api-support';
import type { TaskTypeList } from '../../../src/api/schemas/system-schemas';
import type { TemporalConnection } from '../../../src/platform/temporal';

const many = (count: number) => Array.from({ length: count }, (_, index) => `a${index}`);
const scrape = (...subreddits: unknown[]) => ({ subreddits });
const letter = { to_email: 'ann@example.org', subject: 'News', content: 'text' };
const mail = (more: object) => ({ ...letter, ...more });
const posts = (filters: object) => ({ filters });

/** What the API accepts and what it refuses, of each type; a new type has to be put here. */
const TABLE: Record<string, { accepted: object[]; refused: object[] }> = {
  REDDIT_SCRAPE: {
    accepted: [
      scrape('funny'),
      scrape('r/name'),
      scrape('R/Name'),
      scrape('/r/name', ' r/name\n'),
      scrape('ab', 'a'.repeat(22)),
      scrape('r/ab', 'AB'),
      scrape(...many(100)),
      { subreddits: ['u_spez'], comments_depth: null, sort: 'top', time_filter: 'all', posts_limit: 1000 },
    ],
    refused: [
      {},
      scrape(),
      scrape('a'),
      scrape('r/'),
      scrape('r/ name'),
      scrape('r/r/name'),
      scrape('//r/name'),
      scrape('_ab'),
      scrape('a b'),
      scrape('a'.repeat(23)),
      scrape(7),
      scrape(...many(101)),
      { subreddits: 'funny' },
      { subreddits: ['funny'], limit: 3 },
      { subreddits: ['funny'], posts_limit: 0 },
      { subreddits: ['funny'], posts_limit: '5' },
      { subreddits: ['funny'], comments_depth: 1.5 },
      { subreddits: ['funny'], sort: 'best' },
      { subreddits: ['funny'], sort: null },
    ],
  },
  REDDIT_DELETION_SYNC: {
    accepted: [
      {},
      { subreddits: [] },
      { subreddits: ['r/name'], min_age_days: 0.5, max_age_days: 1.5, limit: 1_000_000 },
    ],
    refused: [{ subreddits: ['r/'] }, { max_age_days: 0 }, { min_age_days: -1 }, { limit: 0 }, { days: 3 }],
  },
  DATA_EXPORT: {
    accepted: [
      {},
      posts({ subreddits: ['r/x'], authors: [' a '], min_score: -5 }),
      { source: 'comments', ...posts({ post_ids: ['1b'] }) },
      { source: 'executions', ...posts({ statuses: [' failed '], task_types: ['X'], config_ids: [1] }) },
      { source: 'configs', ...posts({ statuses: ['paused'] }) },
      { export_format: 'csv', compression: 'gzip' },
      { export_format: 'parquet', compression: 'none' },
      { date_range: null },
      { date_range: { from: '2026-01-01', to: '2026-01-01T10:00' } },
      { date_range: { to: '2026-01-01T10:00:00.5+01:00' } },
      { expires_in_days: null },
    ],
    refused: [
      posts({ post_ids: ['1b'] }),
      { source: 'comments', ...posts({ statuses: ['failed'] }) },
      { source: 'executions', ...posts({ statuses: ['paused'] }) },
      { source: 'configs', ...posts({ statuses: ['failed'] }) },
      { source: 'configs', ...posts({ subreddits: ['x'] }) },
      posts({ authors: ['  '] }),
      posts({ authors: [] }),
      posts({ authors: ['a'.repeat(101)] }),
      posts({ min_score: 2 ** 31 }),
      { export_format: 'excel', compression: 'gzip' },
      { export_format: 'xml' },
      { date_range: { from: 'today' } },
      { date_range: { from: '2026-02-30' } },
      { date_range: { from: '0000-01-01' } },
      { date_range: { since: '2026-01-01' } },
      { expires_in_days: 0 },
      { filters: null },
    ],
  },
  SEND_EMAIL: {
    accepted: [
      letter,
      mail({ to_email: ['ann@example.org', 'ben@example.org'] }),
      mail({ cc: 'c@example.org', bcc: ['d@example.org'], reply_to: 'e@example.org', html: '<p>' }),
      mail({ subject: ' x '.repeat(166) }),
      mail({ subject: 'тема – 主题' }),
    ],
    refused: [
      {},
      mail({ to_email: [] }),
      mail({ to_email: 7 }),
      mail({ to_email: 'nobody' }),
      mail({ to_email: ['ann@example.org', 7] }),
      mail({ to_email: many(51).map((name) => `${name}@example.org`) }),
      mail({ reply_to: ['e@example.org'] }),
      mail({ cc: null }),
      mail({ subject: '' }),
      mail({ subject: '  ' }),
      mail({ subject: 'a\nb' }),
      mail({ subject: 'a\n' }),
      mail({ subject: 'x'.repeat(501) }),
      mail({ content: '' }),
      mail({ priority: 1 }),
    ],
  },
  DATA_BACKUP: {
    accepted: [{}, { backup_type: 'incremental', keep: 1, method: 'pg_dump' }],
    refused: [{ backup_type: 'partial' }, { keep: 0 }, { method: 'tar' }, { folder: '/' }],
  },
  CLEANUP_TOKENS: {
    accepted: [{}, { days_old: 1, dry_run: true }, { whatever: 1 }],
    refused: [{ days_old: 0 }, { days_old: '7' }, { dryRun: true }, { 'DAYS-OLD': 3 }, { days_old: null }],
  },
  CLEANUP_CONTENT: {
    accepted: [{}, { days_old: 36_500 }, { days: 3 }],
    refused: [{ days_old: 36_501 }, { days_old: 1.5 }, { daysold: 3 }, { dry__run: true }],
  },
  CLEANUP_EXECUTIONS: {
    accepted: [{}, { days_old: 30 }, { days_old: 365 }],
    refused: [{ days_old: 29 }, { days_old: 366 }, { Dry_run: true }],
  },
  CLEANUP_EXPORTS: {
    accepted: [{}, { days_old: null }, { days_old: 0, dry_run: false }],
    refused: [{ days_old: -1 }, { days_old: 3651 }, { dryrun: true }],
  },
  HEALTH_CHECK: { accepted: [{}, { whatever: 1 }], refused: [] },
  TIMEOUT_MONITOR: {
    accepted: [{}, { monitor_duration: 0 }, { whatever: 1 }],
    refused: [{ monitor_duration: -1 }, { monitor_duration: 0.5 }, { monitor_duration: 86_401 }],
  },
  TEST_TIMEOUT: { accepted: [{}, { sleep_seconds: 0.5 }], refused: [{ sleep_seconds: -1 }, { sleep_seconds: '3' }] },
  TEST_SHORT_TIMEOUT: { accepted: [{}, { sleep_seconds: 86_400 }], refused: [{ sleep_seconds: 86_401 }] },
  TEST_FAILURE: {
    accepted: [{}, { error_type: 'value_error' }, { error_type: 'whatever' }],
    refused: [{ error_type: 3 }, { error_type: null }],
  },
};
/** What the API refuses and a JSON Schema cannot say: how one value compares with another. */
const BEYOND_SCHEMA: [type: string, parameters: object][] = [
  ['DATA_EXPORT', { date_range: { from: '2026-02-01', to: '2026-01-01' } }],
  ['REDDIT_DELETION_SYNC', { min_age_days: 30, max_age_days: 30 }],
];

let db: TestDatabase;
let temporal: TemporalConnection;
let api: TestApi;
let types: TaskTypeList['task_types'];
beforeAll(async () => {
  [db, temporal] = await Promise.all([createTestDatabase(), connectTestTemporal()]);
  api = await createTestApi({ database: db.database, temporal });
  types = (await api.root('GET', '/tasks/types')).body.task_types;
});
afterAll(async () => {
  await api?.close();
  await temporal?.close();
  await db?.drop();
});

const schemaOf = (type: string) => types.find(({ name }) => name === type)?.parameters ?? {};
function validatorOf(type: string) {
  const ajv = new Ajv({ strict: true, strictTypes: true, allErrors: true });
  addFormats(ajv);
  return ajv.compile(schemaOf(type));
}
const statusOf = async (type: string, parameters: object) =>
  (await api.root('POST', '/tasks/configs', { name: 'a form', task_type: type, scheduler_type: 'manual', parameters }))
    .status;

test('the table has every type there is', () =>
  expect(Object.keys(TABLE).sort()).toEqual(taskTypes.map(({ name }) => name).sort()));

test.each(Object.keys(TABLE))('%s: JSON Schema and API accept and refuse the same', async (type) => {
  const isValid = validatorOf(type);
  const { accepted = [], refused = [] } = TABLE[type] ?? {};
  for (const parameters of accepted)
    expect([parameters, isValid(parameters), isValid.errors, await statusOf(type, parameters)]).toEqual([
      parameters,
      true,
      null,
      201,
    ]);
  for (const parameters of refused)
    expect([parameters, isValid(parameters), await statusOf(type, parameters)]).toEqual([parameters, false, 422]);
});

test.each(BEYOND_SCHEMA)('%s: a comparison is left to the API: %j', async (type, parameters) => {
  expect([validatorOf(type)(parameters), await statusOf(type, parameters)]).toEqual([true, 422]);
});

test('the defaults fit their schema, and each age says from when it counts', () => {
  for (const { name, parameters, defaults } of types) {
    const ajv = new Ajv({ strict: true });
    addFormats(ajv);
    const isValid = ajv.compile({ ...parameters, required: [] });
    expect([name, isValid(defaults), isValid.errors]).toEqual([name, true, null]);
    const { days_old: age } =
      (parameters as { properties?: Record<string, { description?: string }> }).properties ?? {};
    if (age) expect([name, age.description]).toEqual([name, expect.stringMatching(/\((created_at|scraped_at)\)/)]);
  }
});

import { parseScheduleConfig } from './schedule-config';
import { previewSchedule } from './schedule-preview';

const now = new Date('2027-01-10T12:00:00Z');
const preview = (type: string, raw: object, options: { count?: number; recentDurationsSeconds?: number[] } = {}) =>
  previewSchedule(parseScheduleConfig(type, raw), { now, count: 3, ...options });
const cron = (cron_expression: string, timezone = 'UTC') => preview('cron', { cron_expression, timezone });
const codes = (result: { warnings: { code: string }[] }) => result.warnings.map((warning) => warning.code);
const messages = (result: { warnings: { message: string }[] }) =>
  result.warnings.map((warning) => warning.message).join('\n');

// test/integration/configs/schedule-preview.test.ts compares such times with those of a real server.
test('lists as many of the next runs as the caller asks for', () => {
  expect(cron('0 9 * * 1-5').next_runs.map((time) => time.toISOString())).toEqual([
    '2027-01-11T09:00:00.000Z',
    '2027-01-12T09:00:00.000Z',
    '2027-01-13T09:00:00.000Z',
  ]);
  expect(preview('interval', { minutes: 7 }, { count: 25 }).next_runs).toHaveLength(25);
  expect(preview('manual', {})).toEqual({ next_runs: [], warnings: [] });
  expect(preview('date', { run_date: '2027-01-10T12:01' })).toEqual({
    next_runs: [new Date('2027-01-10T12:01Z')],
    warnings: [],
  });
});

test('finds the runs of a rare cron schedule, decades ahead', () => {
  expect(cron('0 0 29 2 */7').next_runs.map((time) => time.toISOString().slice(0, 10))).toEqual([
    '2032-02-29',
    '2060-02-29',
    '2088-02-29',
  ]);
});

const zoned = (cron_expression: string, timezone: string, policy: object = {}) =>
  messages(preview('cron', { cron_expression, timezone, ...policy }));

test('says what becomes of a run that the clocks skip', () => {
  expect(zoned('30 2 * * *', 'Europe/Berlin').split('\n')[0]).toBe(
    'On 2027-03-28 the clocks in Europe/Berlin go forward: 02:30 does not exist, and that run is skipped.',
  );
  expect(zoned('45 2 * * *', 'America/New_York', { dst_gap: 'shift' })).toMatch(
    /2027-03-14 .* go forward: 02:45 does not exist, and that run starts at 2027-03-14T03:00-04:00\.$/m,
  );
  expect(zoned('*/5 2 * * *', 'Europe/Berlin', { dst_gap: 'shift' })).toMatch(
    /02:20, 02:25 and 6 more do not exist, and those runs become one, at 2027-03-28T03:00\+02:00\.$/m,
  );
});

test('says when a run that the clocks repeat fires', () => {
  const newYork = (dst_overlap?: string) => preview('cron', {
    cron_expression: '30 1 * * *', timezone: 'America/New_York', dst_overlap,
  }); // prettier-ignore
  expect(codes(newYork())).toEqual(['dst_overlap']);
  expect(messages(newYork())).toBe(
    'On 2027-11-07 the clocks in America/New_York go back: ' +
      '01:30 comes twice, and it fires the first time only, at 2027-11-07T01:30-04:00.',
  );
  expect(messages(newYork('second'))).toMatch(/it fires the second time only, at 2027-11-07T01:30-05:00\.$/);
  expect(codes(newYork('both'))).toEqual(['dst_double']);
  expect(messages(newYork('both'))).toMatch(
    /it fires both times, at 2027-11-07T01:30-04:00 and again at 2027-11-07T01:30-05:00\.$/,
  );
});

test('compares wall times, so that changes of half an hour and of midnight are told rightly', () => {
  expect(zoned('15 2 * * *', 'Australia/Lord_Howe')).toMatch(/^On 2027-10-03 .* go forward: 02:15 does not exist/m);
  expect(zoned('0 * * * *', 'Australia/Lord_Howe')).toMatch(/02:00 does not exist, and that run is skipped/);
  expect(codes(cron('*/15 * * * *', 'Australia/Lord_Howe'))).toEqual([]);
  expect(zoned('0 22 * * SUN', 'America/Santiago')).toBe('');
  expect(zoned('0 0 * * *', 'America/Santiago')).toMatch(/^On 2027-09-05 .*: 00:00 does not exist/m);
});

test('tells of the next affected run even when it is years ahead, and of each within the runs shown', () => {
  expect(zoned('30 2 26 3 *', 'Europe/Berlin')).toMatch(/^On 2028-03-26 the clocks/m);
  const weekly = preview('cron', { cron_expression: '30 2 * * SUN', timezone: 'Europe/Berlin' }, { count: 100 });
  expect(codes(weekly).filter((code) => code === 'dst_gap')).toHaveLength(2);
});

test('tells that a date without an offset comes twice', () => {
  const warned = preview('date', { run_date: '2027-10-31T02:30', timezone: 'Europe/Berlin' });
  expect(warned.next_runs).toEqual([new Date('2027-10-31T00:30Z')]);
  expect(messages(warned)).toMatch(/it fires the first time, at 2027-10-31T00:30:00.000Z; give run_date/);
  expect(codes(preview('date', { run_date: '2027-10-31T02:30+01:00', timezone: 'Europe/Berlin' }))).toEqual([]);
});

test('does not warn of clock changes that affect no run', () => {
  for (const expression of ['0 * * * *', '*/10 * * * *', '0 9 * * *', '30 2 * * 1', '30 2 1 * *'])
    expect([expression, codes(cron(expression, 'Europe/Berlin'))]).toEqual([expression, []]);
  expect(codes(cron('30 2 * * *', 'Asia/Kolkata'))).toEqual([]);
  expect(
    codes(preview('cron', { cron_expression: '30 2 * * *', timezone: 'Europe/Berlin', end_at: '2027-03-01T00:00' })),
  ).toEqual([]);
  expect(codes(preview('interval', { minutes: 30, timezone: 'Europe/Berlin' }))).toEqual([]);
});

test('warns of two restricted day fields', () => {
  expect(messages(cron('0 0 13 * 5'))).toMatch(/either of them/);
  expect(messages(cron('0 0 */2 * 5'))).toMatch(/match both/);
  expect(codes(cron('0 0 13 * *'))).toEqual([]);
});

test('warns of runs that take longer than the time between them', () => {
  expect(codes(preview('interval', { minutes: 1 }, { recentDurationsSeconds: [5, 59] }))).toEqual([]);
  const slow = preview('interval', { minutes: 1, overlap: 'buffer_one' }, { recentDurationsSeconds: [5, 61] });
  expect(codes(slow)).toEqual(['interval_shorter_than_runs']);
  expect(messages(slow)).toMatch(/60 s apart.*last 2 took 61 s.*waits for its turn/);
  expect(codes(preview('cron', { cron_expression: '0,5 9 * * *' }, { recentDurationsSeconds: [400] }))).toEqual([
    'interval_shorter_than_runs',
  ]);
});

test('warns of jitter, distant runs, an end that is near, and intervals longer than an hour', () => {
  expect(messages(preview('cron', { cron_expression: '0 9 * * *', jitter_seconds: 30 }))).toMatch(/up to 30 s/);
  expect(messages(cron('0 0 29 2 *'))).toMatch(/before 2028-02-29T00:00:00.000Z/);
  expect(messages(preview('cron', { cron_expression: '0 9 * * *', end_at: '2027-01-11T10:00' }))).toBe(
    'Only 1 more run before the schedule ends.',
  );
  expect(messages(preview('interval', { weeks: 1 }))).toMatch(/1970-01-01/);
});

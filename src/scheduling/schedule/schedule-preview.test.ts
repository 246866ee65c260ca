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

test('warns of a run that the clocks skip, and names its day', () => {
  const berlin = cron('30 2 * * *', 'Europe/Berlin');
  expect(codes(berlin)).toEqual(['dst_gap']);
  expect(messages(berlin)).toMatch(/2027-03-28.*Europe\/Berlin go forward: 02:30 does not exist/);
  expect(messages(cron('45 2 * * *', 'America/New_York'))).toMatch(/2027-03-14.*02:45/);
});

test('warns of a run that the clocks repeat, and names both times', () => {
  const newYork = cron('30 1 * * *', 'America/New_York');
  expect(codes(newYork)).toEqual(['dst_double']);
  expect(messages(newYork)).toMatch(
    /2027-11-07.*2 times instead of 1, at 2027-11-07T01:30-04:00, 2027-11-07T01:30-05:00/,
  );
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

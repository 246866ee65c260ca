import { parseScheduleConfig } from '../../schedule/schedule-config';
import { nextCronMs } from './cron-times';
import { wallClockOf } from './wall-clock';
import type { CronSchedule } from '../cron';

const scheduleOf = (cron_expression: string, timezone: string, policy: object = {}) =>
  parseScheduleConfig('cron', { cron_expression, timezone, ...policy }) as CronSchedule;

/** The wall times, with their offset, of the runs from the beginning of one UTC day to the end of another. */
function runs(schedule: CronSchedule, fromDay: string, untilDay = fromDay): string[] {
  const untilMs = Date.parse(`${untilDay}T23:59:59Z`);
  const found: string[] = [];
  let next = nextCronMs(schedule, Date.parse(`${fromDay}T00:00Z`) - 1);
  while (next !== null && next <= untilMs) {
    const local = wallClockOf(schedule.timezone).toLocal(next);
    found.push(`${new Date(local).toISOString().slice(0, 16)} ${(local - next) / 3_600_000}`);
    next = nextCronMs(schedule, next);
  }
  return found;
}

describe('in a gap', () => {
  test('a run is skipped, or shifted to the first moment after it', () => {
    const of = (dst_gap: string) => runs(scheduleOf('30 2 * * *', 'Europe/Berlin', { dst_gap }), '2027-03-28');
    expect(of('skip')).toEqual([]);
    expect(of('shift')).toEqual(['2027-03-28T03:00 2']);
  });

  test('several wall times become one shifted run, also when one stands there already', () => {
    const of = (expression: string) =>
      runs(scheduleOf(expression, 'Europe/Berlin', { dst_gap: 'shift' }), '2027-03-28').filter(
        (run) => run < '2027-03-28T04',
      );
    expect(of('*/15 2 * * *')).toEqual(['2027-03-28T03:00 2']);
    expect(of('0,30 1-3 * * *')).toEqual([
      '2027-03-28T01:00 1',
      '2027-03-28T01:30 1',
      '2027-03-28T03:00 2',
      '2027-03-28T03:30 2',
    ]);
  });

  test('that swallows midnight, the day keeps its other runs', () => {
    const santiago = (expression: string, dst_gap = 'skip') =>
      runs(scheduleOf(expression, 'America/Santiago', { dst_gap }), '2027-09-05', '2027-09-06').filter((run) =>
        run.startsWith('2027-09-05'),
      );
    expect(santiago('0 22 * * SUN')).toEqual(['2027-09-05T22:00 -3']);
    expect(santiago('0 0 * * *')).toEqual([]);
    expect(santiago('0 0 * * SUN', 'shift')).toEqual(['2027-09-05T01:00 -3']);
  });

  test('of half an hour, only its own wall times are affected', () => {
    const lordHowe = (dst_gap: string) =>
      runs(scheduleOf('0,15,30,45 2 * * *', 'Australia/Lord_Howe', { dst_gap }), '2027-10-02');
    expect(lordHowe('skip')).toEqual(['2027-10-03T02:30 11', '2027-10-03T02:45 11']);
    expect(lordHowe('shift')).toEqual(['2027-10-03T02:30 11', '2027-10-03T02:45 11']);
    expect(runs(scheduleOf('15 2 * * *', 'Australia/Lord_Howe', { dst_gap: 'shift' }), '2027-10-02')).toEqual([
      '2027-10-03T02:30 11',
    ]);
  });

  test('of a whole day, its runs are skipped, or become one', () => {
    const apia = (dst_gap: string) =>
      runs(scheduleOf('0 9 * * *', 'Pacific/Apia', { dst_gap }), '2011-12-29', '2011-12-31');
    const rest = ['2011-12-31T09:00 14', '2012-01-01T09:00 14'];
    expect(apia('skip')).toEqual(['2011-12-29T09:00 -10', ...rest]);
    expect(apia('shift')).toEqual(['2011-12-29T09:00 -10', '2011-12-31T00:00 14', ...rest]);
  });
});

describe('in an overlap', () => {
  test.each([
    ['first', ['2027-10-31T02:00 2', '2027-10-31T02:30 2']],
    ['second', ['2027-10-31T02:00 1', '2027-10-31T02:30 1']],
    ['both', ['2027-10-31T02:00 2', '2027-10-31T02:30 2', '2027-10-31T02:00 1', '2027-10-31T02:30 1']],
  ])('runs come the %s time', (dst_overlap, expected) => {
    expect(runs(scheduleOf('*/30 2 * * *', 'Europe/Berlin', { dst_overlap }), '2027-10-31')).toEqual(expected);
  });

  test('the first time is what counts unless something else is asked for', () => {
    expect(runs(scheduleOf('30 1 * * *', 'America/New_York'), '2027-11-07')).toEqual(['2027-11-07T01:30 -4']);
  });

  test('of half an hour, only its own wall times are affected', () => {
    const lordHowe = (dst_overlap: string) =>
      runs(scheduleOf('*/20 1 * * *', 'Australia/Lord_Howe', { dst_overlap }), '2027-04-03');
    expect(lordHowe('first')).toEqual(['2027-04-04T01:00 11', '2027-04-04T01:20 11', '2027-04-04T01:40 11']);
    expect(lordHowe('second')).toEqual(['2027-04-04T01:00 11', '2027-04-04T01:20 11', '2027-04-04T01:40 10.5']);
  });

  test('before midnight, the day keeps its runs', () => {
    const santiago = (dst_overlap: string) =>
      runs(scheduleOf('30 23 * * SAT', 'America/Santiago', { dst_overlap }), '2027-04-04');
    expect(santiago('first')).toEqual(['2027-04-03T23:30 -3']);
    expect(santiago('second')).toEqual(['2027-04-03T23:30 -4']);
    expect(runs(scheduleOf('0 0 * * *', 'America/Santiago'), '2027-04-04')).toEqual(['2027-04-04T00:00 -4']);
  });
});

test('a schedule of every hour counts elapsed time, whatever the policy', () => {
  const policy = { dst_gap: 'shift', dst_overlap: 'first' };
  const berlin = scheduleOf('*/30 * * * *', 'Europe/Berlin', policy);
  expect(runs(berlin, '2027-10-31')).toHaveLength(48);
  expect(runs(berlin, '2027-03-28')).toHaveLength(48);
  expect(runs(scheduleOf('0 * * * *', 'Europe/Berlin', policy), '2027-10-31').slice(0, 3)).toEqual([
    '2027-10-31T02:00 2',
    '2027-10-31T02:00 1',
    '2027-10-31T03:00 1',
  ]);
});

test('a change of the offset for good is a gap or an overlap as well', () => {
  expect(runs(scheduleOf('30 23 * * *', 'Asia/Almaty', { dst_overlap: 'both' }), '2024-02-29')).toEqual([
    '2024-02-29T23:30 6',
    '2024-02-29T23:30 5',
  ]);
  expect(runs(scheduleOf('15 0 * * *', 'Asia/Pyongyang', { dst_gap: 'shift' }), '2018-05-04')).toEqual([
    '2018-05-05T00:15 9',
  ]);
  expect(runs(scheduleOf('45 23 * * *', 'Asia/Pyongyang', { dst_gap: 'shift' }), '2018-05-04')).toEqual([
    '2018-05-05T00:00 9',
  ]);
});

test('the runs of rare days are found up to the year 2100, and none after it', () => {
  expect(runs(scheduleOf('0 0 29 2 */7', 'Europe/Berlin'), '2027-01-01', '2090-01-01')).toEqual([
    '2032-02-29T00:00 1',
    '2060-02-29T00:00 1',
    '2088-02-29T00:00 1',
  ]);
  expect(nextCronMs(scheduleOf('0 0 31 12 *', 'UTC'), Date.UTC(2100, 11, 31))).toBeNull();
});

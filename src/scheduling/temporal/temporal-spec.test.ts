import { parseScheduleConfig } from '../schedule/schedule-config';
import { toTemporalSpec } from './temporal-spec';

const now = new Date('2026-06-01T12:00Z');

function translate(type: string, raw: object) {
  const translated = toTemporalSpec(parseScheduleConfig(type, raw), { now });
  if (!translated) throw new Error(`${type} has no translation`);
  return translated;
}

test('a manual schedule has no translation', () => {
  expect(toTemporalSpec(parseScheduleConfig('manual', {}), { now })).toBeNull();
});

test('a cron schedule becomes calendars with an explicit second, never a cron string', () => {
  const { spec, remainingActions } = translate('cron', {
    cron_expression: '*/15 9-17 1,15,20 jan,6 *',
    timezone: 'Europe/Berlin',
  });
  expect(spec).toEqual({
    calendars: [
      {
        second: 0,
        minute: { start: 0, end: 45, step: 15 },
        hour: { start: 9, end: 17, step: 1 },
        dayOfMonth: [1, 15, 20],
        month: ['JANUARY', 'JUNE'],
        dayOfWeek: '*',
        comment: '*/15 9-17 1,15,20 jan,6 *',
      },
    ],
    timezone: 'Europe/Berlin',
    startAt: undefined,
    endAt: undefined,
    jitter: 0,
  });
  expect(remainingActions).toBeUndefined();
});

test('a cron that fires on either day becomes two calendars, one that needs both days becomes one', () => {
  const days = (cron_expression: string) =>
    translate('cron', { cron_expression }).spec.calendars?.map(({ dayOfMonth, dayOfWeek }) => [dayOfMonth, dayOfWeek]);
  expect(days('0 0 13 * 5')).toEqual([
    [[13], '*'],
    ['*', ['FRIDAY']],
  ]);
  expect(days('0 0 */10 * 5')).toEqual([[{ start: 1, end: 31, step: 10 }, ['FRIDAY']]]);
});

test('a run that the clocks repeat is a single time, and its day is no part of the calendars', () => {
  const { spec, rightUntil } = translate('cron', { cron_expression: '30 2 * * *', timezone: 'Europe/Berlin' });
  expect(spec.calendars).toMatchObject([
    {
      year: [
        { start: 2000, end: 2025 },
        { start: 2027, end: 2100 },
      ],
      month: '*',
    },
    { year: [2026], month: [{ start: 'JANUARY', end: 'SEPTEMBER' }, 'NOVEMBER', 'DECEMBER'], dayOfMonth: '*' },
    {
      year: [2026],
      month: ['OCTOBER'],
      dayOfMonth: [
        { start: 1, end: 24 },
        { start: 26, end: 31 },
      ],
    },
  ]);
  expect(spec.intervals).toEqual([{ every: Date.parse('2026-10-25T00:30Z') }]);
  expect(rightUntil).toEqual(new Date('2027-10-31T01:00Z'));
});

test('a date becomes one second in UTC that fires once', () => {
  const { spec, remainingActions } = translate('date', {
    run_date: '2030-12-31T23:59:58',
    timezone: 'America/New_York',
  });
  expect(spec).toMatchObject({
    calendars: [{ second: 58, minute: 59, hour: 4, dayOfMonth: 1, month: 'JANUARY', year: 2031 }],
    timezone: 'UTC',
  });
  expect(remainingActions).toBe(1);
});

test('interval, window, jitter and policies are translated', () => {
  const raw = {
    minutes: 2,
    start_at: '2030-01-01T00:00Z',
    end_at: '2031-01-01T00:00Z',
    jitter_seconds: 3,
    overlap: 'terminate_other',
    catchup_window_seconds: 30,
    pause_on_failure: true,
  };
  expect(translate('interval', raw)).toEqual({
    spec: {
      intervals: [{ every: 120_000 }],
      startAt: new Date('2030-01-01T00:00Z'),
      endAt: new Date('2031-01-01T00:00Z'),
      jitter: 3_000,
    },
    policies: { overlap: 'TERMINATE_OTHER', catchupWindow: 30_000, pauseOnFailure: true },
    remainingActions: undefined,
    rightUntil: undefined,
  });
});

test.each([
  ['skip', 'SKIP'],
  ['buffer_one', 'BUFFER_ONE'],
  ['buffer_all', 'BUFFER_ALL'],
  ['cancel_other', 'CANCEL_OTHER'],
  ['terminate_other', 'TERMINATE_OTHER'],
  ['allow_all', 'ALLOW_ALL'],
])('the overlap policy %s is %s at Temporal', (overlap, policy) => {
  expect(translate('interval', { hours: 1, overlap }).policies.overlap).toBe(policy);
});

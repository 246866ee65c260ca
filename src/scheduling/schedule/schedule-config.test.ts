import { faultsOf, parseAtNoon } from '../../../test/support/schedule-faults';
import type { ScheduleConfigError } from '../config-fields/schedule-config-error';
import { answerScheduleConfig, describeRule, settleScheduleEdit } from './schedule-config';

test('options that are left out or null have defaults', () => {
  const options = {
    timezone: 'UTC',
    startAt: null,
    endAt: null,
    jitterSeconds: 0,
    isStaggered: true,
    overlap: 'skip',
    catchupWindowSeconds: 600,
    isPausedOnFailure: false,
  };
  expect(parseAtNoon('manual', {})).toEqual({ type: 'manual', ...options });
  expect(parseAtNoon('manual', null)).toEqual({ type: 'manual', ...options });
  expect(parseAtNoon('manual', { timezone: null, overlap: null, start_at: null, whatever: null })).toEqual({
    type: 'manual',
    ...options,
  });
});

test('all common options are read', () => {
  const raw = {
    interval_seconds: 60,
    timezone: 'America/New_York',
    start_at: '2026-07-01T00:00',
    end_at: '2026-08-01T00:00Z',
    jitter_seconds: 1.5,
    overlap: 'buffer_all',
    catchup_window_seconds: 10,
    pause_on_failure: true,
  };
  expect(parseAtNoon('interval', raw)).toEqual({
    type: 'interval',
    everySeconds: 60,
    timezone: 'America/New_York',
    startAt: new Date('2026-07-01T04:00:00Z'),
    endAt: new Date('2026-08-01T00:00:00Z'),
    jitterSeconds: 1.5,
    isStaggered: true,
    overlap: 'buffer_all',
    catchupWindowSeconds: 10,
    isPausedOnFailure: true,
  });
});

test.each([
  ['europe/berlin', 'Europe/Berlin'],
  ['utc', 'UTC'],
  ['AMERICA/PORT_OF_SPAIN', 'America/Port_of_Spain'],
  ['CTT', 'Asia/Shanghai'],
  ['Asia/Kolkata', 'Asia/Kolkata'],
  ['Asia/Calcutta', 'Asia/Calcutta'],
  ['Europe/Kyiv', 'Europe/Kyiv'],
  ['europe/kiev', 'Europe/Kiev'],
  ['us/pacific', 'US/Pacific'],
  ['GMT', 'GMT'],
])('the time zone %s is %s', (timezone, name) => {
  expect(parseAtNoon('manual', { timezone })).toMatchObject({ timezone: name });
});

test.each(['+02:00', 'SystemV/PST8', 'Local', 'Europe_Berlin', '__proto__', 'Factory', ''])(
  'the time zone %j is refused',
  (timezone) => {
    expect(faultsOf('manual', { timezone })).toEqual([expect.stringMatching(/^timezone: unknown time zone/)]);
  },
);

test('durations that Temporal cannot hold are refused', () => {
  expect(faultsOf('manual', { jitter_seconds: 1e300, catchup_window_seconds: 1e12 })).toEqual([
    expect.stringMatching(/^jitter_seconds: /),
    expect.stringMatching(/^catchup_window_seconds: /),
  ]);
});

test('all faults are reported at once, with their input', () => {
  const raw = {
    cron_expression: '99 * * * *',
    timezone: 'Mars/Base',
    jitter_seconds: -1,
    overlap: 'maybe',
    catchup_window_seconds: 9,
    pause_on_failure: 'yes',
    start_at: 'soon',
  };
  const paths = [
    'timezone',
    'start_at',
    'jitter_seconds',
    'overlap',
    'catchup_window_seconds',
    'pause_on_failure',
    'cron_expression',
  ];
  expect(faultsOf('cron', raw).map((fault) => fault.split(':')[0])).toEqual(paths);
  try {
    parseAtNoon('cron', raw);
  } catch (error) {
    expect((error as ScheduleConfigError).issues[0]).toEqual({
      path: ['timezone'],
      message: expect.stringContaining('Europe/Berlin'),
      input: 'Mars/Base',
    });
  }
});

test('a window that has passed, ends before it starts, or contains no run is refused', () => {
  expect(faultsOf('manual', { start_at: '2026-07-02T00:00', end_at: '2026-07-01T00:00' })).toEqual([
    expect.stringMatching(/^end_at: has to lie after/),
  ]);
  expect(faultsOf('manual', { end_at: '2026-01-01T00:00' })).toEqual([
    expect.stringMatching(/^end_at: lies in the past/),
  ]);
  expect(
    faultsOf('cron', { cron_expression: '0 0 * * *', start_at: '2026-07-01T01:00', end_at: '2026-07-01T23:00' }),
  ).toEqual([expect.stringMatching(/^: this schedule never fires: /)]);
  expect(
    faultsOf('cron', { cron_expression: '0 0 * * *', start_at: '2026-07-01T01:00', end_at: '2026-07-02T00:00' }),
  ).toEqual([]);
});

test('a schedule_config that is no object is refused', () => {
  expect([faultsOf('manual', 'daily'), faultsOf('cron', [])].map((found) => found.length)).toEqual([1, 1]);
});

test('describes a schedule in one line', () => {
  expect(
    [
      parseAtNoon('cron', { cron_expression: '0 9 * * 1' }),
      parseAtNoon('date', { run_date: '2026-07-01T10:00' }),
      parseAtNoon('interval', { minutes: 2 }),
      parseAtNoon('manual', {}),
    ].map(describeRule),
  ).toEqual(['0 9 * * 1', '2026-07-01T10:00:00.000Z', 'every 120 s', 'manual']);
});

test.each([
  ['cron', { time_zone: 'Europe/Berlin' }, 'time_zone: is not known; did you mean timezone?'],
  ['date', { tz: 'Europe/Berlin' }, 'tz: is not known; did you mean timezone?'],
  ['interval', { timezome: 'Europe/Berlin' }, 'timezome: is not known; did you mean timezone?'],
  ['interval', { second: 5 }, 'second: is not known; did you mean seconds?'],
  ['date', { date: '2027-01-01' }, 'date: is not known; did you mean run_date?'],
  [
    'manual',
    { whatever: [1] },
    'whatever: is not known; remove it, or use one of timezone, start_at, end_at, jitter_seconds, stagger, overlap, ' +
      'catchup_window_seconds, pause_on_failure',
  ],
])('a new %s with the unknown field %j is refused', (type, unknown, fault) => {
  expect(faultsOf(type, { ...ACCEPTED[type], ...unknown })).toEqual([fault]);
});

const ACCEPTED: Record<string, object> = {
  cron: { cron_expression: '0 9 * * *' },
  date: { run_date: '2030-01-01' },
  interval: { hours: 1 },
  manual: {},
};

test('fields of other scheduler types, which a form may leave behind, are warned of', () => {
  for (const [type, own] of Object.entries(ACCEPTED)) expect(faultsOf(type, { ...own, day_of_week: '*' })).toEqual([]);
  expect(answerScheduleConfig('date', { run_date: '2030-01-01', day_of_week: '*', minutes: 5 }).warnings).toEqual([
    { code: 'unused_field', message: 'schedule_config.day_of_week: only cron schedules use it; remove it.' },
    { code: 'unused_field', message: 'schedule_config.minutes: only interval schedules use it; remove it.' },
  ]);
  expect(
    answerScheduleConfig('cron', { cron_expression: '0 9 * * *', minute: '0', day_of_week: '*' }).warnings,
  ).toEqual([]);
});

test('a stored config keeps what earlier versions accepted, with warnings', () => {
  const warningsOf = (type: string, stored: Record<string, unknown>) =>
    answerScheduleConfig(type, stored).warnings.map(({ code, message }) => `${code} ${message}`);
  expect(warningsOf('cron', { cron_expression: '0 9 * * *', tz: 'Europe/Berlin' })).toEqual([
    'unknown_field schedule_config.tz: is not known; did you mean timezone?',
  ]);
  expect(warningsOf('cron', { cron_expression: '*/90 * * * *' })).toEqual([
    expect.stringMatching(/^oversized_step schedule_config.cron_expression: minute: the step of \*\/90/),
  ]);
  expect(warningsOf('interval', { interval_seconds: 90, hours: 7 })).toEqual([
    'unused_field schedule_config.interval_seconds: is given beside hours; give one or the other.',
  ]);
  expect(warningsOf('cron', { cron_expression: 'unreadable', tz: 'x' })).toEqual([]);
});

test('an interval is also answered in seconds', () => {
  expect(answerScheduleConfig('interval', { minutes: 5, timezone: 'Europe/Berlin' }).scheduleConfig).toEqual({
    minutes: 5,
    timezone: 'Europe/Berlin',
    interval_seconds: 300,
  });
  expect(answerScheduleConfig('interval', { interval_seconds: 90, hours: 7 }).scheduleConfig).toEqual({
    interval_seconds: 90,
    hours: 7,
  });
});

test.each([
  ['comes back unchanged', { minutes: 5, interval_seconds: 300 }, { minutes: 5 }],
  ['comes back with other units', { hours: 2, interval_seconds: 300 }, { hours: 2 }],
  ['is the only thing changed', { minutes: 5, interval_seconds: 600 }, { interval_seconds: 600 }],
  ['comes alone', { interval_seconds: 600 }, { interval_seconds: 600 }],
  ['contradicts other units', { minutes: 7, interval_seconds: 600 }, { minutes: 7, interval_seconds: 600 }],
])('an answered interval that %s', (_, sent, settled) => {
  const common = { timezone: 'Europe/Berlin' };
  expect(settleScheduleEdit('interval', { ...common, ...sent }, { minutes: 5 })).toEqual({ ...common, ...settled });
});

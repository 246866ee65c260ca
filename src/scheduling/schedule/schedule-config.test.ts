import { faultsOf, parseAtNoon } from '../../../test/support/schedule-faults';
import type { ScheduleConfigError } from '../config-fields/schedule-config-error';
import { describeRule } from './schedule-config';

test('options that are left out or null have defaults, and unknown keys are ignored', () => {
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
  expect(parseAtNoon('manual', { timezone: null, overlap: null, start_at: null, whatever: [1] })).toEqual({
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
  ).toEqual([': this schedule never fires']);
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

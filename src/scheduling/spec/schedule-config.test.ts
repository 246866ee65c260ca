import { parseScheduleConfig, ScheduleConfigError } from './schedule-config';
import { scheduleText } from './schedule';
import type { SchedulerType } from '../../storage/configs/task-config';

const now = new Date('2026-06-01T12:00:00.400Z');
const parse = (type: SchedulerType, raw: unknown) => parseScheduleConfig(type, raw, { now });

/** The faults as "path: message". */
function faults(type: SchedulerType, raw: unknown): string[] {
  try {
    parse(type, raw);
    return [];
  } catch (error) {
    if (!(error instanceof ScheduleConfigError)) throw error;
    return error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  }
}

describe('cron', () => {
  test('an expression, or the five fields as texts or numbers; the expression wins', () => {
    const expected = {
      type: 'cron',
      fields: {
        minute: [0],
        hour: [9],
        day: Array.from({ length: 31 }, (_, i) => i + 1),
        month: [1, 3],
        dayOfWeek: [1, 2, 3, 4, 5],
        isEitherDay: false,
      },
    };
    expect(parse('cron', { cron_expression: ' 0 9  * jan,3 MON-fri ' })).toMatchObject(expected);
    expect(parse('cron', { minute: 0, hour: '9', day: '*', month: '1,3', day_of_week: '1-5' })).toMatchObject({
      ...expected,
      expression: '0 9 * 1,3 1-5',
    });
    expect(parse('cron', { minute: 'nonsense', hour: 9, cron_expression: '0 9 * 1,3 1-5' })).toMatchObject(expected);
  });

  test('Sunday is 0 and 7, and macros are known', () => {
    const days = (dayOfWeek: string) => {
      const schedule = parse('cron', { cron_expression: `0 0 * * ${dayOfWeek}` });
      return schedule.type === 'cron' && schedule.fields.dayOfWeek;
    };
    expect([days('7'), days('0'), days('5-7'), days('*/2'), days('6,sun')]).toEqual([
      [0],
      [0],
      [0, 5, 6],
      [0, 2, 4, 6],
      [0, 6],
    ]);
    expect(parse('cron', { cron_expression: '@Weekly' })).toMatchObject({
      expression: '@Weekly',
      fields: { minute: [0], hour: [0], dayOfWeek: [0], isEitherDay: false },
    });
  });

  test('both days restricted means either, unless one begins with a star', () => {
    const either = (expression: string) => {
      const schedule = parse('cron', { cron_expression: expression });
      return schedule.type === 'cron' && schedule.fields.isEitherDay;
    };
    expect(
      ['0 0 13 * 5', '0 0 13 * *', '0 0 * * 5', '0 0 */2 * 5', '0 0 13 * */2', '0 0 1-31 * 5'].map(either),
    ).toEqual([true, false, false, false, false, true]);
  });

  test.each([
    ['0 0 * * * *', /5 fields.*not 6.*seconds and years/],
    ['0 0 0 * * * 2030', /not 7/],
    ['* * * *', /not 4/],
    ['', /not 0/],
    ['@reboot', /unknown macro/],
    ['@constructor', /unknown macro/],
    ['constructor', /not 1/],
    ['__proto__', /not 1/],
    ['0 0 L * *', /day: "L" is not supported/],
    ['0 0 * * 5#2', /day_of_week: "#"/],
    ['0 0 * * 5L', /day_of_week: "L"/],
    ['H * * * *', /minute: "H"/],
    ['0 0 ? * 1', /day: "\?"/],
    ['0 0 15W * *', /day: "W"/],
    ['61 * * * *', /minute: .*0-59/],
    ['* * * foo *', /month: .*foo/],
    ['*/0 * * * *', /minute/],
    ['0 0 30 2 *', /never fires/],
  ])('%j is refused', (cron_expression, message) => {
    expect(faults('cron', { cron_expression })).toEqual([expect.stringMatching(message)]);
  });

  test('neither form, half a form, and every bad field at once', () => {
    expect(faults('cron', {})).toEqual([expect.stringMatching(/^cron_expression: .*all of minute/)]);
    expect(faults('cron', { minute: 0, hour: 1.5 })).toEqual([
      expect.stringMatching(/^hour: expected a string or a whole number/),
      ...['day', 'month', 'day_of_week'].map((name) => expect.stringMatching(`^${name}: is missing`)),
    ]);
    expect(faults('cron', { cron_expression: '61 25 * 13 *' })).toHaveLength(3);
    expect(faults('cron', { minute: 61, hour: 25, day: 0, month: '*', day_of_week: '1 2' })).toEqual(
      ['minute', 'hour', 'day', 'day_of_week'].map((name) => expect.stringMatching(`^${name}: `)),
    );
  });
});

describe('date', () => {
  const runAt = (raw: object) => {
    const schedule = parse('date', raw);
    return schedule.type === 'date' && schedule.runAt.toISOString();
  };

  test('offsets count, naive times are in the time zone, fractions are dropped', () => {
    expect(runAt({ run_date: '2026-07-01T10:00' })).toBe('2026-07-01T10:00:00.000Z');
    expect(runAt({ run_date: '2026-07-01 10:00:30', timezone: 'Europe/Berlin' })).toBe('2026-07-01T08:00:30.000Z');
    expect(runAt({ run_date: '2026-07-01T10:00:00+05:30', timezone: 'Europe/Berlin' })).toBe(
      '2026-07-01T04:30:00.000Z',
    );
    expect(runAt({ run_date: '2026-07-01T10:00:59.999Z' })).toBe('2026-07-01T10:00:59.000Z');
    expect(runAt({ run_date: '2026-07-01' })).toBe('2026-07-01T00:00:00.000Z');
    expect(runAt({ run_date: '2026-07-01T10:00+14:00' })).toBe('2026-06-30T20:00:00.000Z');
  });

  test('24:00 is the next midnight', () => {
    expect(runAt({ run_date: '2027-06-01T24:00' })).toBe('2027-06-02T00:00:00.000Z');
    expect(runAt({ run_date: '2027-12-31T24:00', timezone: 'Europe/Berlin' })).toBe('2027-12-31T23:00:00.000Z');
  });

  test.each([
    [{}, /^run_date: is missing/],
    [{ run_date: null }, /^run_date: is missing/],
    [{ run_date: 1_800_000_000 }, /^run_date: /],
    [{ run_date: 'tomorrow' }, /^run_date: expected an ISO 8601/],
    [{ run_date: '10:00' }, /^run_date: expected an ISO 8601/],
    [{ run_date: '2026-02-30T10:00' }, /^run_date: not a valid date/],
    [{ run_date: '2026-06-01T12:00:00Z' }, /^run_date: lies in the past/],
    [{ run_date: '2101-01-01T00:00' }, /2100/],
    [{ run_date: '2027-01-01T00:00+99:00' }, /^run_date: expected an ISO 8601/],
    [{ run_date: '2027-01-01T00:00-08:99' }, /^run_date: expected an ISO 8601/],
    [{ run_date: '2027-01-01T25:00' }, /^run_date: not a valid date/],
    [{ run_date: '2027-03-28T02:30', timezone: 'Europe/Berlin' }, /does not exist in Europe\/Berlin/],
    [{ run_date: '2026-07-01T10:00', end_at: '2026-06-30T10:00' }, /never fires/],
  ])('%j is refused', (raw, message) => {
    expect(faults('date', raw)).toEqual([expect.stringMatching(message)]);
  });

  test('a stored date may lie behind', () => {
    expect(parseScheduleConfig('date', { run_date: '2020-01-01T00:00' })).toMatchObject({
      runAt: new Date('2020-01-01T00:00:00Z'),
    });
  });
});

describe('interval', () => {
  test.each([
    [{ interval_seconds: 90, hours: 7 }, 90],
    [{ weeks: 1, days: 1, hours: 1, minutes: 1, seconds: 1 }, 694_861],
    [{ minutes: 1.5 }, 90],
    [{ hours: 1, minutes: 0 }, 3_600],
  ])('%j', (raw, everySeconds) => {
    expect(parse('interval', raw)).toMatchObject({ type: 'interval', everySeconds });
  });

  test.each([
    [{}, /^interval_seconds: an interval needs/],
    [{ interval_seconds: 0 }, /^interval_seconds: /],
    [{ interval_seconds: 1.5 }, /^interval_seconds: /],
    [{ interval_seconds: '60' }, /^interval_seconds: /],
    [{ minutes: 0 }, /^: .*whole number of seconds/],
    [{ seconds: 0.5 }, /^: .*0.5/],
    [{ minutes: -1, hours: 2 }, /^minutes: /],
    [{ interval_seconds: 1e13 }, /never fires/],
  ])('%j is refused', (raw, message) => {
    expect(faults('interval', raw)).toEqual([expect.stringMatching(message)]);
  });
});

describe('options', () => {
  test('defaults; nulls and unknown keys count as left out', () => {
    const options = {
      timezone: 'UTC',
      startAt: null,
      endAt: null,
      jitterSeconds: 0,
      overlap: 'skip',
      catchupWindowSeconds: 600,
      isPausedOnFailure: false,
    };
    expect(parse('manual', {})).toEqual({ type: 'manual', ...options });
    expect(parse('manual', null)).toEqual({ type: 'manual', ...options });
    expect(parse('manual', { timezone: null, overlap: null, start_at: null, whatever: [1] })).toEqual({
      type: 'manual',
      ...options,
    });
  });

  test('all of them', () => {
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
    expect(parse('interval', raw)).toEqual({
      type: 'interval',
      everySeconds: 60,
      timezone: 'America/New_York',
      startAt: new Date('2026-07-01T04:00:00Z'),
      endAt: new Date('2026-08-01T00:00:00Z'),
      jitterSeconds: 1.5,
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
  ])('the time zone %s is %s', (timezone, name) => {
    expect(parse('manual', { timezone })).toMatchObject({ timezone: name });
  });

  test.each(['+02:00', 'SystemV/PST8', 'Local', ''])('the time zone %j is refused', (timezone) => {
    expect(faults('manual', { timezone })).toEqual([expect.stringMatching(/^timezone: unknown time zone/)]);
  });

  test('what no duration of Temporal can hold is refused', () => {
    expect(faults('manual', { jitter_seconds: 1e300, catchup_window_seconds: 1e12 })).toEqual([
      expect.stringMatching(/^jitter_seconds: /),
      expect.stringMatching(/^catchup_window_seconds: /),
    ]);
  });

  test('every fault is told at once, with its input', () => {
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
    expect(faults('cron', raw).map((fault) => fault.split(':')[0])).toEqual(paths);
    try {
      parse('cron', raw);
    } catch (error) {
      expect((error as ScheduleConfigError).issues[0]).toEqual({
        path: ['timezone'],
        message: expect.stringContaining('Europe/Berlin'),
        input: 'Mars/Base',
      });
    }
  });

  test('a window has to lie ahead, to have a length and to hold a run', () => {
    expect(faults('manual', { start_at: '2026-07-02T00:00', end_at: '2026-07-01T00:00' })).toEqual([
      expect.stringMatching(/^end_at: has to lie after/),
    ]);
    expect(faults('manual', { end_at: '2026-01-01T00:00' })).toEqual([
      expect.stringMatching(/^end_at: lies in the past/),
    ]);
    expect(
      faults('cron', { cron_expression: '0 0 * * *', start_at: '2026-07-01T01:00', end_at: '2026-07-01T23:00' }),
    ).toEqual([': this schedule never fires']);
    expect(
      faults('cron', { cron_expression: '0 0 * * *', start_at: '2026-07-01T01:00', end_at: '2026-07-02T00:00' }),
    ).toEqual([]);
  });

  test('what is no object is refused', () => {
    expect([faults('manual', 'daily'), faults('cron', [])].map((found) => found.length)).toEqual([1, 1]);
  });
});

test('the schedule in a line', () => {
  expect(
    [
      parse('cron', { cron_expression: '0 9 * * 1' }),
      parse('date', { run_date: '2026-07-01T10:00' }),
      parse('interval', { minutes: 2 }),
      parse('manual', {}),
    ].map(scheduleText),
  ).toEqual(['0 9 * * 1', '2026-07-01T10:00:00.000Z', 'every 120 s', 'manual']);
});

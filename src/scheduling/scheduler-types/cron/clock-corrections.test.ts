import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../shared/durations';
import { parseScheduleConfig } from '../../schedule/schedule-config';
import { correctedSpec } from './clock-corrections';
import { nextCronMs } from './cron-times';
import { nextTemporalMs } from './temporal-search';
import { changesBetween, clockNear } from './zone-changes';
import type { CronSchedule } from '../cron';

const FROM_MS = Date.UTC(2027, 0);
const HORIZON = { fromMs: FROM_MS, untilMs: FROM_MS + 400 * DAY_MS, endMs: FROM_MS + 3_660 * DAY_MS };

const scheduleOf = (cron_expression: string, timezone: string, policy: object = {}) =>
  parseScheduleConfig('cron', { cron_expression, timezone, ...policy }) as CronSchedule;

/** Moments around each change from which the corrected spec would fire something else next than the schedule means. */
function faultsOf(schedule: CronSchedule, span = HORIZON): string[] {
  const spec = correctedSpec(schedule, span);
  return changesBetween(schedule.timezone, span.fromMs, span.untilMs).flatMap(({ atMs }) => {
    const clock = clockNear(schedule.timezone, [atMs - 2 * DAY_MS, atMs + 2 * DAY_MS]);
    const faults: string[] = [];
    for (let ms = atMs - 3 * HOUR_MS - 1; ms < atMs + 5 * HOUR_MS; ms += 19 * MINUTE_MS) {
      const [given, meant] = [nextTemporalMs(spec, clock, ms), nextCronMs(schedule, ms) ?? Infinity];
      if (given !== meant && Math.min(given, meant) < atMs + 2 * DAY_MS)
        faults.push(
          `${schedule.expression} ${schedule.timezone} after ${new Date(ms).toISOString()}: ` +
            `${new Date(given).toISOString()} instead of ${new Date(meant).toISOString()}`,
        );
    }
    return faults;
  });
}

const ZONES = [
  'Europe/Berlin',
  'America/New_York',
  'America/Santiago',
  'America/Havana',
  'America/Nuuk',
  'Asia/Beirut',
  'Atlantic/Azores',
  'Australia/Lord_Howe',
  'Pacific/Chatham',
];
const EXPRESSIONS = [
  '30 2 * * *',
  '*/30 2 * * *',
  '30 1 * * *',
  '0 0 * * *',
  '30 23 * * *',
  '0 22 * * SUN',
  '45 0 * * 0,1,6',
  '15,45 1-3 * * *',
  '0 */2 * * *',
  '*/20 * * * *',
  '0 2 31 * 0',
];

test.each(['first', 'second', 'both'])(
  'the corrected times are those that are meant, with dst_overlap %s',
  (overlap) => {
    for (const timezone of ZONES)
      for (const expression of EXPRESSIONS) {
        const policy = { dst_gap: overlap === 'first' ? 'skip' : 'shift', dst_overlap: overlap };
        expect(faultsOf(scheduleOf(expression, timezone, policy))).toEqual([]);
      }
  },
);

test('a day that the clocks skip, and a change for good, are corrected', () => {
  const spanOf = (year: number) => ({
    fromMs: Date.UTC(year, 0),
    untilMs: Date.UTC(year + 1, 0),
    endMs: Date.UTC(year + 1, 0),
  });
  for (const dst_gap of ['skip', 'shift'])
    for (const expression of ['0 9 * * *', '0 9 * * FRI,SAT', '0 0 30,31 12 *'])
      expect(faultsOf(scheduleOf(expression, 'Pacific/Apia', { dst_gap }), spanOf(2011))).toEqual([]);
  expect(faultsOf(scheduleOf('30 23,0 * * *', 'Asia/Almaty'), spanOf(2024))).toEqual([]);
});

test('a schedule that no change affects stays one calendar, and is right for as long as was looked at', () => {
  expect(correctedSpec(scheduleOf('0 9 * * 1-5', 'Europe/Berlin'), HORIZON)).toMatchObject({
    calendars: [{ hour: [9] }],
    instants: [],
    correctUntilMs: HORIZON.endMs,
  });
  expect(correctedSpec(scheduleOf('30 2 * * *', 'UTC'), HORIZON)).toMatchObject({ calendars: [{}], instants: [] });
});

test('corrections are few, and name the change from which they are missing', () => {
  const berlin = correctedSpec(scheduleOf('30 2 * * *', 'Europe/Berlin'), HORIZON);
  expect(berlin.instants).toEqual([Date.parse('2027-10-31T00:30Z')]);
  expect(berlin.calendars).toHaveLength(3);
  expect(new Date(berlin.correctUntilMs).toISOString()).toBe('2028-10-29T01:00:00.000Z');

  const everyMinute = correctedSpec(scheduleOf('* 0-22 * * *', 'Europe/Berlin', { dst_overlap: 'both' }), HORIZON);
  expect(everyMinute.instants.length).toBeLessThanOrEqual(400);
  expect(everyMinute.calendars.length).toBeLessThanOrEqual(10);
});

test('a lost weekday comes back as an exact calendar', () => {
  const { calendars, instants } = correctedSpec(scheduleOf('0,30 8-20 * * SUN', 'America/Santiago'), HORIZON);
  expect(instants).toEqual([]);
  expect(calendars[1]).toMatchObject({ year: [2027], month: [9], day: [5], minute: [0, 30] });
  expect(calendars[1]?.hour).toHaveLength(13);
});

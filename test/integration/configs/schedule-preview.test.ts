import { nextFireTimes } from '../../../src/scheduling/schedule/fire-times';
import { parseScheduleConfig } from '../../../src/scheduling/schedule/schedule-config';
import { toTemporalSpec } from '../../../src/scheduling/temporal/temporal-spec';
import { createTestNamespace } from '../../support/temporal-namespace';
import type { TemporalConnection } from '../../../src/platform/temporal';

let temporal: TemporalConnection;
beforeAll(async () => {
  temporal = await createTestNamespace();
});
afterAll(() => temporal?.close());

const CRONS = [
  '* * * * *',
  '*/5 * * * *',
  '7 * * * *',
  '0,30 * * * *',
  '15-45/10 * * * *',
  '5/15 * * * *',
  '0 * * * *',
  '0 */2 * * *',
  '30 9-17 * * *',
  '0 0 * * *',
  '59 23 * * *',
  '0 9 * * 1-5',
  '0 9 * * MON,WED,fri',
  '0 0 * * 0',
  '0 0 * * 7',
  '0 0 * * 5-7',
  '0 0 1 * *',
  '0 0 31 * *',
  '0 12 15 1,4,7,10 *',
  '0 0 1 jan *',
  '0 0 29 2 *',
  '0 0 29 2 1',
  '0 0 13 * 5',
  '0 0 1,15 * 1',
  '30 6 */10 * 2',
  '0 0 */2 * 1',
  '0 0 1-7 * */2',
  '@hourly',
  '@daily',
  '@weekly',
  '@monthly',
  '@yearly',
  '@annually',
  '@midnight',
  '*/10,*/15 * * * *',
  '0,0,30 * * * *',
  '*/45 * * * *',
  '50-10/10 * * * *',
  '0 22-2 * * *',
  '0 0 28-3 * *',
  '0 0 * nov-feb *',
  '0 0 * * sat-sun',
  '0 0 28-3 * fri-tue/2',
];
const CLOCK_CRONS = [
  '30 1 * * *',
  '0 2 * * *',
  '30 2 * * *',
  '15 3 * * *',
  '45 1 * * *',
  '*/20 1-3 * * *',
  '30 1,2 * * 0',
  '0 0 * * *',
  '30 0 * * 0',
  '0 */3 * * *',
  '*/30 * * * *',
  '0 * * * *',
];
const ZONES = [
  'Europe/Berlin',
  'Europe/London',
  'America/New_York',
  'Australia/Lord_Howe',
  'America/Santiago',
  'Africa/Cairo',
  'Asia/Kolkata',
  'Pacific/Auckland',
];
/** A year in which all of the zones change their clocks. */
const YEAR = 2027;

interface Case {
  type: string;
  config: Record<string, unknown>;
  from: Date;
}

const soon = new Date(Date.now() + 3_600_000);
const cases: Case[] = [
  ...CRONS.map((cron_expression): Case => ({ type: 'cron', config: { cron_expression }, from: soon })),
  ...CRONS.map((cron_expression): Case => ({
    type: 'cron',
    config: { cron_expression, timezone: 'Asia/Tokyo' },
    from: soon,
  })),
  ...ZONES.flatMap((timezone) =>
    CLOCK_CRONS.flatMap((cron_expression) =>
      clockChangeDays(timezone).map((from): Case => ({ type: 'cron', config: { cron_expression, timezone }, from })),
    ),
  ),
  ...[1, 7, 60, 90, 3_600, 86_400, 604_800, 1_000_003].map((interval_seconds): Case => ({
    type: 'interval',
    config: { interval_seconds },
    from: soon,
  })),
  // Spellings that Node accepts and Go does not.
  ...['europe/berlin', 'utc', 'asia/kolkata', 'us/eastern', 'CTT'].map((timezone): Case => ({
    type: 'cron',
    config: { cron_expression: '0 21 * * *', timezone },
    from: soon,
  })),
  { type: 'interval', config: { weeks: 1, days: 1, minutes: 1.5, timezone: 'Europe/Berlin' }, from: soon },
  { type: 'date', config: { run_date: '2031-05-06T07:08' }, from: soon },
  { type: 'date', config: { run_date: '2031-05-06T07:08:09.9', timezone: 'Europe/Berlin' }, from: soon },
  { type: 'date', config: { run_date: '2027-10-31T02:30', timezone: 'Europe/Berlin' }, from: soon },
  { type: 'date', config: { run_date: '2031-05-06T07:08:09+05:30' }, from: soon },
  {
    type: 'cron',
    config: { cron_expression: '0 0 * * *', start_at: '2030-01-01T00:00:00Z', end_at: '2030-01-03T00:00:00Z' },
    from: soon,
  },
  {
    type: 'cron',
    config: { cron_expression: '*/10 * * * *', start_at: '2030-01-01T00:00:01Z', end_at: '2030-01-01T00:29:59Z' },
    from: soon,
  },
  ...[
    { hours: 5, start_at: '2030-01-01T09:17:05Z' },
    { days: 1, start_at: '2030-01-01T09:30', timezone: 'Europe/Berlin' },
    { weeks: 1, start_at: '1965-01-01T09:30:07Z' },
    { hours: 1, start_at: '2030-01-01T00:30', timezone: 'Asia/Kolkata' },
  ].map((config): Case => ({ type: 'interval', config, from: soon })),
  {
    type: 'interval',
    config: { minutes: 7, start_at: '2030-01-01T12:00', end_at: '2030-01-01T12:20', timezone: 'America/New_York' },
    from: soon,
  },
];

/** The days before the zone's clocks change. */
function clockChangeDays(timezone: string): Date[] {
  const offset = (ms: number) =>
    new Intl.DateTimeFormat('en', { timeZone: timezone, timeZoneName: 'longOffset' })
      .formatToParts(ms)
      .find((part) => part.type === 'timeZoneName')?.value;
  const days = Array.from({ length: 365 }, (_, day) => Date.UTC(YEAR, 0, 1 + day, 5, 10));
  return days.filter((day) => offset(day) !== offset(day + 86_400_000)).map((day) => new Date(day));
}

/** The next ten times that Temporal computes for a schedule that starts at `from`. */
async function serverTimes({ type, config, from }: Case, id: number): Promise<Date[]> {
  const schedule = parseScheduleConfig(type, config);
  const translated = toTemporalSpec(schedule, { now: from });
  if (!translated) throw new Error('no schedule');
  const { spec, policies, remainingActions } = translated;
  const handle = await temporal.client.schedule.create({
    scheduleId: `preview-${id}`,
    spec: { ...spec, startAt: spec.startAt ?? from },
    policies,
    state: { paused: true, remainingActions },
    action: { type: 'startWorkflow', workflowType: 'none', taskQueue: 'none' },
  });
  const { info } = await handle.describe();
  await handle.delete();
  return info.nextActionTimes;
}

test('every zone with summer time is tested at its clock changes', () => {
  expect(ZONES.map((zone) => clockChangeDays(zone).length)).toEqual([2, 2, 2, 2, 2, 2, 0, 2]);
  expect(cases.length).toBeGreaterThan(200);
});

test('the preview shows the times that Temporal computes', async () => {
  const wrong: object[] = [];
  const queue = [...cases.entries()];
  const loop = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const [id, one] = next;
      const server = await serverTimes(one, id);
      // Temporal counts from the second before the start, so that the start itself may fire.
      const ours = nextFireTimes(
        parseScheduleConfig(one.type, one.config),
        new Date(Math.floor(one.from.getTime() / 1000) * 1000 - 1),
        server.length,
      );
      const fewer = nextFireTimes(parseScheduleConfig(one.type, one.config), one.from, 10).length;
      const same = JSON.stringify(server) === JSON.stringify(ours);
      if (!same || server.length < Math.min(fewer, 10)) wrong.push({ ...one, server, ours });
    }
  };
  await Promise.all(Array.from({ length: 8 }, loop));
  expect(wrong).toEqual([]);
});

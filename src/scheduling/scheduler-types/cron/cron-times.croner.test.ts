import { isDeepStrictEqual } from 'node:util';
import { Cron } from 'croner';
import { DAY_MS, HOUR_MS } from '../../../shared/durations';
import { parseScheduleConfig } from '../../schedule/schedule-config';
import { nextCronMs } from './cron-times';
import { affectedRange, changesBetween, moveOf, type ClockChange } from './zone-changes';
import type { CronSchedule } from '../cron';

const EXPRESSIONS = [
  '30 2 * * *', '0 2 * * *', '59 1 * * *', '30 1 * * *', '0 3 * * *', '1 3 * * *', '0 0 * * *', '30 0 * * *',
  '59 23 * * *', '30 23 * * *', '0 1 * * *', '0 4 * * *', '0 22 * * SUN', '0 0 * * SUN', '30 2 * * SUN',
  '30 1 * * SUN', '45 0 * * SAT', '30 23 * * SAT', '0 12 * * MON', '15 2 * * 1-5', '30 2 31 * *', '30 2 1 * *',
  '30 1 26 10 *', '0 0 1 3 *', '30 0 5,6,7 * *', '0 2 8-14 3 *', '30 2 25-31 3,10 *', '5 1 1-7 11 *', '15,45 2 * * *',
  '0,30 1 * * *', '0,30 0-3 * * *', '10,50 1-2 * * 0', '0 1,2,3 * * *', '0 23,0,1 * * *', '20 0,12 * * 6,0',
  '30 1-4 * * *', '*/30 2 * * *', '*/15 1 * * *', '*/20 1-3 * * 0', '*/10 0 * * *', '*/30 * * * *', '*/20 * * * *',
  '*/45 * * * SUN', '0 * * * *', '15 * * * *', '30 * * * SUN', '0 */2 * * *', '30 */3 * * *', '15 */4 * * SUN',
  '45 * 31 10 *', '0 0,12 * * 1', '30 0 29 2 *',
]; // prettier-ignore

const ZONES = [
  'Europe/Berlin',
  'Europe/London',
  'Europe/Dublin',
  'Europe/Kyiv',
  'Atlantic/Azores',
  'America/New_York',
  'America/St_Johns',
  'America/Havana',
  'America/Santiago',
  'America/Asuncion',
  'America/Nuuk',
  'America/Scoresbysund',
  'Africa/Cairo',
  'Africa/Casablanca',
  'Asia/Beirut',
  'Asia/Jerusalem',
  'Asia/Almaty',
  'Australia/Lord_Howe',
  'Australia/Adelaide',
  'Pacific/Auckland',
  'Pacific/Chatham',
];
/** Years that no release of the time zone database will change any more: croner follows the rules of Node. */
const [FROM_MS, UNTIL_MS] = [Date.UTC(2023, 0), Date.UTC(2026, 0)];

/**
 * Croner has one policy for each kind of expression, that of cronie: wildcards in minute or hour fire at every instant
 * that matches, other runs come once, after a gap or the first time. We ask for the same.
 */
function policyOfCroner(expression: string): object {
  const [minute = '', hour = ''] = expression.split(' ');
  return [minute, hour].some((field) => /[*/]/.test(field))
    ? { dst_gap: 'skip', dst_overlap: 'both' }
    : { dst_gap: 'shift', dst_overlap: 'first' };
}

function timesBetween(next: (afterMs: number) => number | null, fromMs: number, untilMs: number): string[] {
  const times: string[] = [];
  for (let ms = next(fromMs); ms !== null && ms < untilMs; ms = next(ms)) times.push(new Date(ms).toISOString());
  return times;
}

/** Croner loses a run that moves to midnight, the end of a gap in the evening. It belongs to the next day then. */
function withoutLostByCroner(times: string[], change: ClockChange): string[] {
  const isGapUntilMidnight = moveOf(change) > 0 && affectedRange(change).untilMs % DAY_MS === 0;
  return isGapUntilMidnight ? times.filter((time) => Date.parse(time) !== change.atMs) : times;
}

test('around all clock changes of three years, the times are those of an independent engine', () => {
  const differences: object[] = [];
  const explained = new Set<string>();
  let compared = 0;
  for (const timezone of ZONES) {
    const changes = changesBetween(timezone, FROM_MS, UNTIL_MS);
    for (const expression of EXPRESSIONS) {
      const schedule = parseScheduleConfig('cron', {
        cron_expression: expression,
        timezone,
        ...policyOfCroner(expression),
      }) as CronSchedule;
      const croner = new Cron(expression, { timezone, paused: true, fixedTimeRule: 'no-wildcard' });
      for (const change of changes) {
        const span = [change.atMs - 5 * HOUR_MS, change.atMs + DAY_MS] as const;
        const ours = timesBetween((ms) => nextCronMs(schedule, ms), ...span);
        const theirs = timesBetween((ms) => croner.nextRun(new Date(ms))?.getTime() ?? null, ...span);
        compared += 1;
        if (isDeepStrictEqual(ours, theirs)) continue;
        if (isDeepStrictEqual(withoutLostByCroner(ours, change), theirs)) explained.add(timezone);
        else differences.push({ timezone, expression, ours, theirs });
      }
    }
  }
  expect(differences).toEqual([]);
  expect([...explained]).toEqual(['America/Nuuk', 'America/Scoresbysund']);
  expect(EXPRESSIONS.length).toBeGreaterThanOrEqual(50);
  expect(compared).toBeGreaterThan(EXPRESSIONS.length * ZONES.length * 4);
});

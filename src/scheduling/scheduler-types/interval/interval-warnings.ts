import { DateTime } from 'luxon';
import { DAY_MS, HOUR_MS, SECOND_MS } from '../../../shared/durations';
import { LuxonZone } from '../../../time-zones/luxon-zone';
import { offsetAt } from '../../../time-zones/zone-rules';
import type { PreviewWarning } from '../preview-warning';
import type { Schedule } from '../scheduler-type';

type IntervalTimes = Pick<Schedule, 'timezone' | 'startAt'> & { everySeconds: number };

const HALF_A_YEAR_MS = 183 * DAY_MS;
const TIMES_SHOWN = 3;

/** Fire times that are not round, as users of an interval may expect them to be. */
export function findIntervalWarnings(
  schedule: IntervalTimes,
  now: Date,
  nextFireMs: (afterMs: number) => number,
): PreviewWarning[] {
  const reason = schedule.startAt ? findDrift(schedule) : findOddity(schedule, now);
  if (reason === undefined) return [];
  const times: DateTime[] = [];
  let afterMs = Math.max(now.getTime(), (schedule.startAt?.getTime() ?? 0) - 1);
  while (times.length < TIMES_SHOWN) {
    afterMs = nextFireMs(afterMs);
    times.push(DateTime.fromMillis(afterMs, { zone: new LuxonZone(schedule.timezone), locale: 'en' }));
  }
  const shown = times.map((time) => time.toFormat('ccc yyyy-MM-dd HH:mm:ss').replace(/:00$/, '')).join(', ');
  return [{ code: 'interval_alignment', message: `${reason}; the next runs in ${schedule.timezone} are ${shown}.` }];
}

/** Why an interval that begins at `start_at` comes at ever other times; undefined when it does not. */
function findDrift({ everySeconds }: IntervalTimes): string | undefined {
  const everyMs = everySeconds * SECOND_MS;
  if (DAY_MS % everyMs === 0 || everyMs % DAY_MS === 0) return undefined;
  return everyMs < HOUR_MS
    ? `An interval of ${everySeconds} s does not divide an hour, so each hour has runs at other minutes`
    : `An interval of ${everySeconds} s does not divide a day, so each day has runs at other times`;
}

/** Why an interval without `start_at` does not fall on round times of its zone, in summer or in winter. */
function findOddity({ everySeconds, timezone }: IntervalTimes, now: Date): string | undefined {
  const everyMs = everySeconds * SECOND_MS;
  const isRound = [now.getTime(), now.getTime() + HALF_A_YEAR_MS].every(
    (ms) => (everyMs < HOUR_MS ? HOUR_MS : DAY_MS) % everyMs === 0 && offsetAt(timezone, ms) % everyMs === 0,
  );
  if (isRound) return undefined;
  return (
    `Without start_at an interval of ${everySeconds} s is counted from 1970-01-01T00:00:00Z (a Thursday), ` +
    'so it does not fall on round times: set start_at to choose the first one'
  );
}

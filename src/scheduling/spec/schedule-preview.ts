import { findClockWarnings } from './clock-changes';
import { nextFireTimes } from './schedule-times';
import { DAY_MS } from '../../shared/durations';
import type { Schedule } from './schedule';

export const PREVIEW_WARNINGS = [
  'dst_gap',
  'dst_double',
  'day_of_month_and_day_of_week',
  'interval_shorter_than_runs',
  'interval_alignment',
  'jitter',
  'sparse',
  'few_runs_left',
] as const;

export interface PreviewWarning {
  code: (typeof PREVIEW_WARNINGS)[number];
  message: string;
}

export interface SchedulePreview {
  /** Before any jitter. */
  next_runs: Date[];
  warnings: PreviewWarning[];
}

const SPARSE_MS = 366 * DAY_MS;
/** How many gaps between runs are looked at, whatever the caller asked for. */
const GAPS_SEEN = 10;

/** The next fire times as the server will do them, and what may surprise about them. */
export function previewSchedule(
  schedule: Schedule,
  { now, count, recentDurationsSeconds = [] }: { now: Date; count: number; recentDurationsSeconds?: number[] },
): SchedulePreview {
  const times = nextFireTimes(schedule, now, Math.max(count, GAPS_SEEN));
  const warnings = [
    ...findClockWarnings(schedule, now),
    dayWarning(schedule),
    overlapWarning(schedule, times, recentDurationsSeconds),
    alignmentWarning(schedule),
    jitterWarning(schedule),
    sparseWarning(now, times),
    fewRunsWarning(schedule, times, count),
  ];
  return { next_runs: times.slice(0, count), warnings: warnings.filter((warning) => warning !== undefined) };
}

function dayWarning(schedule: Schedule): PreviewWarning | undefined {
  if (schedule.type !== 'cron' || schedule.fields.day.length === 31 || schedule.fields.dayOfWeek.length === 7)
    return undefined;
  const rule = schedule.fields.isEitherDay
    ? 'it fires on days that match either of them, as cron does'
    : 'one of them begins with *, so it fires only on days that match both, as cron does';
  return {
    code: 'day_of_month_and_day_of_week',
    message: `Day of month and day of week are both restricted: ${rule}.`,
  };
}

const WHEN_LATE: Record<Schedule['overlap'], string> = {
  skip: 'runs that fall due meanwhile are skipped',
  buffer_one: 'one run waits for its turn, further ones are skipped',
  buffer_all: 'runs pile up and start one after another',
  cancel_other: 'the run at work is cancelled by the next one',
  terminate_other: 'the run at work is terminated by the next one',
  allow_all: 'several runs are at work at once',
};

function overlapWarning(
  schedule: Schedule,
  times: Date[],
  recentDurationsSeconds: number[],
): PreviewWarning | undefined {
  const shortestSeconds =
    Math.min(...times.slice(1).map((time, index) => time.getTime() - (times[index]?.getTime() ?? 0))) / 1000;
  const longestSeconds = Math.max(...recentDurationsSeconds);
  if (recentDurationsSeconds.length === 0 || shortestSeconds >= longestSeconds) return undefined;
  return {
    code: 'interval_shorter_than_runs',
    message: `Runs come up to ${shortestSeconds} s apart, but one of the last ${recentDurationsSeconds.length} took ${longestSeconds} s: ${WHEN_LATE[schedule.overlap]} (overlap ${schedule.overlap}).`,
  };
}

function alignmentWarning(schedule: Schedule): PreviewWarning | undefined {
  // Minutes and hours fall on the clock's own marks; longer ones surprise.
  if (schedule.type !== 'interval' || schedule.everySeconds <= 3_600) return undefined;
  return {
    code: 'interval_alignment',
    message: 'Intervals are counted from 1970-01-01T00:00:00Z (a Thursday), not from the start of the schedule.',
  };
}

function jitterWarning(schedule: Schedule): PreviewWarning | undefined {
  return schedule.jitterSeconds > 0
    ? {
        code: 'jitter',
        message: `Each run starts up to ${schedule.jitterSeconds} s after the time shown, but never after the next one.`,
      }
    : undefined;
}

function sparseWarning(now: Date, times: Date[]): PreviewWarning | undefined {
  const far = times.findIndex((time, index) => time.getTime() - (times[index - 1] ?? now).getTime() > SPARSE_MS);
  const time = times[far];
  return time && { code: 'sparse', message: `More than a year passes without a run before ${time.toISOString()}.` };
}

function fewRunsWarning(schedule: Schedule, times: Date[], count: number): PreviewWarning | undefined {
  if (schedule.type === 'date' || schedule.type === 'manual' || times.length >= count) return undefined;
  return {
    code: 'few_runs_left',
    message: `Only ${times.length} more run${times.length === 1 ? '' : 's'} before the schedule ends.`,
  };
}

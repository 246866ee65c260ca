import { DAY_MS } from '../../shared/durations';
import { inOrder, type PreviewWarning } from '../scheduler-types/preview-warning';
import { typeOf } from '../scheduler-types/registry';
import { delaySecondsOf, nextFireTimes } from './fire-times';
import type { Schedule } from '../scheduler-types/scheduler-type';

export interface SchedulePreview {
  /** Before any jitter. */
  next_runs: Date[];
  warnings: PreviewWarning[];
}

const SPARSE_MS = 366 * DAY_MS;
/** So many fire times are examined for warnings, even when the caller asks for fewer. */
const TIMES_EXAMINED = 10;

/** The next fire times as the server will have them, and warnings of what may surprise users about them. */
export function previewSchedule(
  schedule: Schedule,
  {
    now,
    count,
    recentDurationsSeconds = [],
    staggerSeconds = 0,
    fieldWarnings = [],
  }: {
    now: Date;
    count: number;
    recentDurationsSeconds?: number[];
    staggerSeconds?: number;
    fieldWarnings?: PreviewWarning[];
  },
): SchedulePreview {
  const type = typeOf(schedule);
  const times = nextFireTimes(schedule, now, Math.max(count, TIMES_EXAMINED));
  const warnings = [
    ...fieldWarnings,
    ...(type.findWarnings?.(schedule, now, times.slice(0, count).at(-1)) ?? []),
    findOverlap(schedule, times, recentDurationsSeconds),
    findJitter(schedule),
    findStagger(schedule, staggerSeconds),
    findSparseness(now, times),
    type.fires === 'repeatedly' && times.length < count ? fewRunsLeft(times.length) : undefined,
  ];
  return { next_runs: times.slice(0, count), warnings: inOrder(warnings.filter((warning) => warning !== undefined)) };
}

const WHEN_LATE: Record<Schedule['overlap'], string> = {
  skip: 'runs that fall due meanwhile are skipped',
  buffer_one: 'one run waits for its turn, further ones are skipped',
  buffer_all: 'runs pile up and start one after another',
  cancel_other: 'the run at work is cancelled by the next one',
  terminate_other: 'the run at work is terminated by the next one',
  allow_all: 'several runs are at work at once',
};

function findOverlap({ overlap }: Schedule, times: Date[], durationsSeconds: number[]): PreviewWarning | undefined {
  const gapsMs = times.slice(1).map((time, index) => time.getTime() - (times[index]?.getTime() ?? 0));
  const shortestSeconds = Math.min(...gapsMs) / 1000;
  const longestSeconds = Math.max(...durationsSeconds);
  if (durationsSeconds.length === 0 || shortestSeconds >= longestSeconds) return undefined;
  return {
    code: 'interval_shorter_than_runs',
    message:
      `Runs come up to ${shortestSeconds} s apart, ` +
      `but one of the last ${durationsSeconds.length} took ${longestSeconds} s: ` +
      `${WHEN_LATE[overlap]} (overlap ${overlap}).`,
  };
}

function findJitter({ jitterSeconds }: Schedule): PreviewWarning | undefined {
  if (jitterSeconds === 0) return undefined;
  const message = `Each run starts up to ${jitterSeconds} s after the time shown, but never after the next one.`;
  return { code: 'jitter', message };
}

function findStagger(schedule: Schedule, staggerSeconds: number): PreviewWarning | undefined {
  if (delaySecondsOf(schedule, staggerSeconds) === schedule.jitterSeconds) return undefined;
  const message =
    `Many schedules share these times, so each run starts up to ${staggerSeconds} s after the time shown; ` +
    '"stagger": false in schedule_config turns this off.';
  return { code: 'stagger', message };
}

function findSparseness(now: Date, times: Date[]): PreviewWarning | undefined {
  const time = times.find((one, index) => one.getTime() - (times[index - 1] ?? now).getTime() > SPARSE_MS);
  return time && { code: 'sparse', message: `More than a year passes without a run before ${time.toISOString()}.` };
}

const fewRunsLeft = (count: number): PreviewWarning => ({
  code: 'few_runs_left',
  message: `Only ${count} more run${count === 1 ? '' : 's'} before the schedule ends.`,
});

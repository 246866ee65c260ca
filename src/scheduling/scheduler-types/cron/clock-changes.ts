import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../shared/durations';
import { isElapsedTime, policyOf } from './clock-policy';
import { wallTimes } from './wall-times';
import { affectedRange, changesBetween, moveOf, type ClockChange } from './zone-changes';
import type { CronTimes } from './cron-times';
import type { LocalMs } from './wall-clock';
import type { PreviewWarning } from '../preview-warning';
import type { Schedule } from '../scheduler-type';

const SEARCH_MS = 10 * 366 * DAY_MS;
/** A message names so many times of a day. */
const MOST_TIMES = 6;

/**
 * What happens to the runs whose wall times the clocks skip or repeat: around every clock change within the runs that
 * users see, and around the next one of each kind within ten years.
 */
export function findClockWarnings(
  schedule: CronTimes & Pick<Schedule, 'startAt' | 'endAt'>,
  now: Date,
  lastShown: Date | undefined,
): PreviewWarning[] {
  const fromMs = Math.max(now.getTime(), schedule.startAt?.getTime() ?? 0);
  const untilMs = Math.min(now.getTime() + SEARCH_MS, (schedule.endAt?.getTime() ?? Infinity) + 1);
  const found: PreviewWarning[] = [];
  for (const change of changesBetween(schedule.timezone, fromMs, untilMs)) {
    const warning = describeChange(schedule, change);
    const isShown = lastShown !== undefined && change.atMs <= lastShown.getTime();
    if (warning && (isShown || !found.some(({ code }) => code === warning.code))) found.push(warning);
  }
  return found;
}

function describeChange(schedule: CronTimes, change: ClockChange): PreviewWarning | undefined {
  const walls = isRhythmKept(schedule, change) ? [] : wallTimes(schedule.fields, affectedRange(change));
  const [firstWall] = walls;
  if (firstWall === undefined) return undefined;
  const direction = moveOf(change) > 0 ? 'forward' : 'back';
  const head = `On ${isoOf(firstWall).slice(0, 10)} the clocks in ${schedule.timezone} go ${direction}: `;
  return direction === 'forward'
    ? { code: 'dst_gap', message: head + describeGap(schedule, change, walls) }
    : describeOverlap(schedule, change, { walls, head });
}

/** A schedule of every hour may fire in the same rhythm before and after the change. */
function isRhythmKept({ fields }: CronTimes, change: ClockChange): boolean {
  const moveMinutes = moveOf(change) / MINUTE_MS;
  if (!isElapsedTime(fields) || Math.abs(moveOf(change)) > 3 * HOUR_MS) return false;
  return fields.minute.every((minute) => fields.minute.includes((((minute + moveMinutes) % 60) + 60) % 60));
}

function describeGap(schedule: CronTimes, change: ClockChange, walls: LocalMs[]): string {
  const isOne = walls.length === 1;
  const start = isoWithOffset(change.atMs, change.offsetAfterMs);
  const skipped = isOne ? 'that run is skipped' : 'those runs are skipped';
  const shifted = isOne ? `that run starts at ${start}` : `those runs become one, at ${start}`;
  const outcome = policyOf(schedule).dstGap === 'skip' ? skipped : shifted;
  return `${timesOf(walls)} ${isOne ? 'does' : 'do'} not exist, and ${outcome}.`;
}

function describeOverlap(
  schedule: CronTimes,
  { offsetBeforeMs, offsetAfterMs }: ClockChange,
  { walls, head }: { walls: LocalMs[]; head: string },
): PreviewWarning {
  const { dstOverlap } = policyOf(schedule);
  const at = (offsetMs: number) => listed(walls.map((wall) => isoWithOffset(wall - offsetMs, offsetMs)));
  const start = `${head}${timesOf(walls)} ${walls.length === 1 ? 'comes' : 'come'} twice, and`;
  if (dstOverlap === 'both') {
    const message = `${start} it fires both times, at ${at(offsetBeforeMs)} and again at ${at(offsetAfterMs)}.`;
    return { code: 'dst_double', message };
  }
  const instants = at(dstOverlap === 'first' ? offsetBeforeMs : offsetAfterMs);
  return { code: 'dst_overlap', message: `${start} it fires the ${dstOverlap} time only, at ${instants}.` };
}

const isoOf = (local: LocalMs) => new Date(local).toISOString();

const timesOf = (walls: LocalMs[]) => listed(walls.map((wall) => isoOf(wall).slice(11, 16)));

function listed(texts: string[]): string {
  const shown = texts.slice(0, MOST_TIMES).join(', ');
  return texts.length > MOST_TIMES ? `${shown} and ${texts.length - MOST_TIMES} more` : shown;
}

/** Such as 2027-03-28T03:00+02:00. */
function isoWithOffset(instantMs: number, offsetMs: number): string {
  const offset = isoOf(Math.abs(offsetMs)).slice(11, 16);
  return `${isoOf(instantMs + offsetMs).slice(0, 16)}${offsetMs < 0 ? '-' : '+'}${offset}`;
}

import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../shared/durations';
import { toCalendars } from './cron-fields';
import { nextCronMs, type CronTimes } from './cron-times';
import { calendarsOf, withoutDays } from './exact-calendars';
import { nextTemporalMs, type CronSpec } from './temporal-search';
import { wallClockOf, type LocalMs } from './wall-clock';
import { affectedRange, changesBetween, clockNear, moveOf, type ClockChange } from './zone-changes';

/** What has to be said differently in Temporal's form around one clock change. */
interface Correction extends CronSpec {
  /** Wall times, one of each day that the schedule's own calendars must not contain. */
  removedDays: LocalMs[];
}

export interface CorrectedSpec extends CronSpec {
  /** The next clock change around which it would be wrong; the end of the span when there is none. */
  correctUntilMs: number;
}

/** In epoch milliseconds: clock changes from `fromMs` to `untilMs` are corrected, those until `endMs` looked at. */
export interface CorrectedSpan {
  fromMs: number;
  untilMs: number;
  endMs: number;
}

/** Temporal's search is wrong only within this distance of the times that a change affects. */
const REACH_MS = 90 * MINUTE_MS;
/** Offsets from UTC are multiples of this. */
const QUARTER_MS = 15 * MINUTE_MS;

/**
 * The schedule in Temporal's form, corrected around clock changes. Temporal's calendars know no clock policy, and are
 * wrong themselves around some changes.
 */
export function correctedSpec(cron: CronTimes, { fromMs, untilMs, endMs }: CorrectedSpan): CorrectedSpec {
  const isWrong = wrongnessOf(cron);
  const corrections = changesBetween(cron.timezone, fromMs, Math.min(untilMs, endMs))
    .filter(isWrong)
    .map((change) => correctionAround(cron, change));
  const removedDays = corrections.flatMap((correction) => correction.removedDays);
  const next = changesBetween(cron.timezone, untilMs, endMs).find(isWrong);
  return {
    calendars: [
      ...toCalendars(cron.fields).flatMap((calendar) => withoutDays(calendar, removedDays)),
      ...corrections.flatMap(({ calendars }) => calendars),
    ],
    instants: corrections.flatMap(({ instants }) => instants),
    correctUntilMs: next?.atMs ?? Math.max(untilMs, endMs),
  };
}

/** Whether Temporal's own calendars are wrong around a change. */
function wrongnessOf(cron: CronTimes): (change: ClockChange) => boolean {
  const { day, month, dayOfWeek } = cron.fields;
  const isDaily = day.length === 31 && month.length === 12 && dayOfWeek.length === 7;
  const known = new Map<string, boolean>();
  return (change) => {
    // For a schedule of every day, changes of the same kind at the same time of the day are alike.
    const key = isDaily ? [moveOf(change), affectedRange(change).fromMs % DAY_MS].join() : String(change.atMs);
    const isWrong = known.get(key) ?? !isRight(faultsOf(cron, ownSpec(cron), change));
    known.set(key, isWrong);
    return isWrong;
  };
}

const ownSpec = ({ fields }: CronTimes): CronSpec => ({ calendars: toCalendars(fields), instants: [] });

/** Times at which Temporal fires a spec although the schedule does not mean it, and the other way round. */
interface Faults {
  wrong: Set<number>;
  missing: Set<number>;
}

const isRight = ({ wrong, missing }: Faults) => wrong.size + missing.size === 0;

/**
 * Temporal's faults around a change. What it fires next depends on the moment at which it looks: on the hour that the
 * clocks show then, and on whether the wall times of that hour have passed. So it is looked at from all such moments.
 */
function faultsOf(cron: CronTimes, spec: CronSpec, change: ClockChange): Faults {
  const [fromMs, untilMs] = spanAround(cron, change);
  const clock = clockNear(cron.timezone, [fromMs, untilMs]);
  const meant = cronTimesBetween(cron, [fromMs, untilMs]);
  const faults: Faults = { wrong: new Set(), missing: new Set() };
  const lookFrom = (afterMs: number) => {
    const next = nextTemporalMs(spec, clock, afterMs);
    const expected = meant.filter((ms) => ms > afterMs && ms <= next);
    if (next < untilMs && expected.at(-1) !== next) faults.wrong.add(next);
    for (const ms of expected) if (ms < next) faults.missing.add(ms);
    return next;
  };
  let [last, next] = [fromMs, lookFrom(fromMs)];
  // The search of Temporal's server can turn back to a time that has passed, where the clocks skip a whole day.
  while (next > last && next < untilMs) [last, next] = [next, lookFrom(next)];
  cronTimesBetween({ ...cron, dstGap: 'skip', dstOverlap: 'both' }, [fromMs, untilMs]).forEach(lookFrom);
  for (let hourMs = fromMs; hourMs < untilMs; hourMs += QUARTER_MS) lookFrom(hourMs);
  return faults;
}

/** Where Temporal may be wrong. A calendar with days of the week can lose the whole day after a change. */
function spanAround({ fields }: CronTimes, change: ClockChange): [number, number] {
  const reachMs = Math.abs(moveOf(change)) + REACH_MS;
  const dayMs = fields.dayOfWeek.length === 7 ? 0 : DAY_MS;
  return [change.atMs - reachMs, change.atMs + reachMs + dayMs];
}

function cronTimesBetween(cron: CronTimes, [afterMs, untilMs]: [number, number]): number[] {
  const times: number[] = [];
  for (let next = nextCronMs(cron, afterMs); next !== null && next < untilMs; next = nextCronMs(cron, next))
    times.push(next);
  return times;
}

/**
 * Days on which Temporal fires at a wrong time are taken out of the calendars. What is missing then is added: as exact
 * calendars where Temporal gets them right, which stay legible, otherwise as single instants.
 */
function correctionAround(cron: CronTimes, change: ClockChange): Correction {
  const clock = wallClockOf(cron.timezone);
  const toLocal = (ms: number) => clock.toLocal(ms);
  const { wrong } = faultsOf(cron, ownSpec(cron), change);
  const skippedDays = moveOf(change) < DAY_MS ? [] : [affectedRange(change).fromMs];
  const removedDays = inOrder([...skippedDays, ...[...wrong].map(toLocal)].map(startOfDay));
  const kept = toCalendars(cron.fields).flatMap((calendar) => withoutDays(calendar, removedDays));
  const ofRemovedDays = cronTimesBetween(cron, [change.atMs - 3 * DAY_MS, change.atMs + 3 * DAY_MS]).filter((ms) =>
    removedDays.includes(startOfDay(toLocal(ms))),
  );
  const { missing } = faultsOf(cron, { calendars: kept, instants: [] }, change);
  const added = inOrder([...missing, ...ofRemovedDays]);

  const candidates = [0, Math.abs(moveOf(change)) + 2 * HOUR_MS, Infinity].map((reachMs): Correction => {
    const isSingle = (ms: number) => Math.abs(ms - change.atMs) < reachMs || isOneOfTwo(ms, change, added);
    const exact = added.filter((ms) => !isSingle(ms)).map(toLocal);
    return { removedDays, calendars: calendarsOf(exact), instants: added.filter(isSingle) };
  });
  const right = candidates.find(({ calendars, instants }) =>
    isRight(faultsOf(cron, { calendars: [...kept, ...calendars], instants }, change)),
  );
  return right ?? (candidates.at(-1) as Correction);
}

const inOrder = (times: number[]) => [...new Set(times)].sort((a, b) => a - b);
const startOfDay = (local: LocalMs) => Math.floor(local / DAY_MS) * DAY_MS;

/** Whether the clocks show the same at another instant that is not meant: a calendar would fire at both. */
function isOneOfTwo(ms: number, change: ClockChange, meant: number[]): boolean {
  if (moveOf(change) > 0) return false;
  const local = ms + (ms < change.atMs ? change.offsetBeforeMs : change.offsetAfterMs);
  const { fromMs, untilMs } = affectedRange(change);
  if (local < fromMs || local >= untilMs) return false;
  return [change.offsetBeforeMs, change.offsetAfterMs].some((offsetMs) => !meant.includes(local - offsetMs));
}

import createLimit from 'p-limit';
import { ScheduleAlreadyRunning, ScheduleNotFoundError, type ScheduleClient } from '@temporalio/client';
import { DAY_MS, HOUR_MS, SECOND_MS } from '../../shared/durations';
import { wallClockOf } from '../scheduler-types/cron/wall-clock';
import { rulesVersion } from '../../time-zones/zone-rules';
import { matchingTimes } from './matching-times';
import { isRefusal, ScheduleNotSettledError, toSchedulerError } from './scheduling-errors';
import { typeOf } from '../scheduler-types/registry';
import type { PreviewWarning } from '../scheduler-types/preview-warning';
import type { Schedule } from '../scheduler-types/scheduler-type';

/** An answer is reused for this time. The rules of a server change with its files, or with its release. */
const REUSE_MS = HOUR_MS;
/** A failure is reused too, so that callers do not wait again and again for a server that is away. */
const RETRY_MS = 10 * SECOND_MS;
const MAX_CONCURRENT = 4;
const DAYS_COMPARED = 366;
const NOON_MS = 12 * HOUR_MS;

export type ServerZones = ReturnType<typeof createServerZones>;

/**
 * Compares Temporal's rules of time zones with ours. Its API tells neither their release nor an offset, so a paused
 * schedule that would fire at each noon is created and removed again: its times show the offsets of a year.
 */
export function createServerZones({
  client,
  timeoutMs = 5_000,
  now = Date.now,
}: {
  client: ScheduleClient;
  timeoutMs?: number;
  now?: () => number;
}) {
  const limit = createLimit(MAX_CONCURRENT);
  const comparisons = new Map<string, { expiresAt: number; differs: Promise<boolean> }>();

  async function serverNoons(zone: string, span: { after: Date; until: Date }): Promise<Date[]> {
    const scheduleId = `taskloom-zone-${zone.replaceAll('/', '-')}`;
    try {
      await client.create({
        scheduleId,
        spec: { calendars: [{ hour: 12 }], timezone: zone },
        state: { paused: true, note: 'tells how Temporal reads this time zone; it is removed at once' },
        action: { type: 'startWorkflow', workflowType: 'none', taskQueue: 'none' },
      });
    } catch (error) {
      // Another process is asking the same, or left it behind.
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    }
    try {
      return await matchingTimes(client, scheduleId, span);
    } finally {
      await client
        .getHandle(scheduleId)
        .delete()
        .catch((error: unknown) => {
          if (!(error instanceof ScheduleNotFoundError)) throw error;
        });
    }
  }

  async function compare(zone: string): Promise<boolean> {
    const after = new Date(now());
    const until = new Date(after.getTime() + DAYS_COMPARED * DAY_MS);
    try {
      const theirs = await client.withDeadline(Date.now() + timeoutMs, () => serverNoons(zone, { after, until }));
      if (theirs.length === 0) throw new ScheduleNotSettledError();
      const ours = noonsBetween(zone, after.getTime(), until.getTime());
      return theirs.map((time) => time.getTime()).join() !== ours.join();
    } catch (error) {
      const reason = toSchedulerError(error);
      // A zone that the server lacks.
      if (isRefusal(reason)) return true;
      throw reason;
    }
  }

  /** Whether Temporal has other rules for a zone, or does not know it. */
  async function differs(zone: string): Promise<boolean> {
    if (zone === 'UTC') return false;
    const known = comparisons.get(zone);
    if (known && now() < known.expiresAt) return known.differs;
    const comparison = { expiresAt: now() + REUSE_MS, differs: limit(() => compare(zone)) };
    comparisons.set(zone, comparison);
    comparison.differs.catch(() => (comparison.expiresAt = now() + RETRY_MS));
    return comparison.differs;
  }

  return {
    differs,

    /** Those of the zones for which Temporal has other rules, or which it does not know. */
    async differing(zones: string[]): Promise<string[]> {
      const found = await Promise.all(zones.map(async (zone) => ((await differs(zone)) ? zone : undefined)));
      return found.filter((zone) => zone !== undefined).sort();
    },
  };
}

/** The noons of a zone's clocks. No clock change has ever skipped or repeated a noon. */
function noonsBetween(zone: string, afterMs: number, untilMs: number): number[] {
  const clock = wallClockOf(zone);
  const times: number[] = [];
  const today = Math.floor(afterMs / DAY_MS) * DAY_MS;
  for (let day = -1; day <= DAYS_COMPARED + 1; day += 1) {
    const time = clock.toInstant(today + day * DAY_MS + NOON_MS);
    if (time > afterMs && time <= untilMs) times.push(time);
  }
  return times;
}

/** The zone in which Temporal reads the calendars of a schedule; undefined when it needs none. */
export function serverZoneOf(schedule: Schedule): string | undefined {
  const { readsClocks } = typeOf(schedule);
  return readsClocks && schedule.timezone !== 'UTC' ? schedule.timezone : undefined;
}

export const describeOtherZones = (zones: string[]): string =>
  `Temporal's server has other rules than Taskloom (${rulesVersion}) for ${zones.join(', ')}: ` +
  'give it the same time zone data (ZONEINFO).';

export const zoneWarning = (zone: string, { isServerTime }: { isServerTime: boolean }): PreviewWarning => ({
  code: 'zone_rules',
  message: isServerTime
    ? `${describeOtherZones([zone])} The times shown are those of the server.`
    : `${describeOtherZones([zone])} Once started, it may fire at other times than those shown.`,
});

import { SECOND_MS } from '../../shared/durations';
import { canonicalZones } from '../config-fields/time-zone';
import { delaySecondsOf, nextFireTimes } from '../schedule/fire-times';
import { tryParse } from '../schedule/schedule-config';
import { describeOtherZones, serverZoneOf, type ServerZones } from '../temporal/server-zones';
import type { ActualSchedule } from '../temporal/actual-schedule';
import type { ScheduleConvergence } from '../temporal/schedule-convergence';
import type { ScheduleGateway } from '../temporal/schedule-gateway';
import type { Logger } from '../../platform/logger';
import type { TaskConfig } from '../../storage/configs/task-config';
import type { TaskConfigRepository } from '../../storage/configs/task-config-repository';

export interface ZoneReconcilerDeps {
  configs: Pick<TaskConfigRepository, 'zonesInUse' | 'listScheduled'>;
  gateway: Pick<ScheduleGateway, 'list'>;
  convergence: Pick<ScheduleConvergence, 'converge'>;
  zones: Pick<ServerZones, 'differing'>;
  log: Pick<Logger, 'warn' | 'info'>;
}

/**
 * Compares Temporal's rules of time zones with ours. The zones that differ are logged once, and again when others do.
 *
 * Temporal computes the next 14 times of a schedule ahead, and keeps them when rules change. The first pass, and one in
 * which the comparison has another result, therefore apply each schedule again whose next time our rules do not have.
 */
export function createZoneReconciler({ configs, gateway, convergence, zones, log }: ZoneReconcilerDeps) {
  let known: string | undefined;

  async function recompute(differing: string[]): Promise<number> {
    const schedules = await gateway.list();
    const outdated = (await configs.listScheduled()).filter((row) => isOutdated(row, schedules.get(row.id), differing));
    for (const { id } of outdated)
      await convergence
        .converge(id)
        .catch((error: unknown) => log.warn({ configId: id, err: error }, 'a schedule keeps times of older rules'));
    return outdated.length;
  }

  return async function reconcileZones(): Promise<{ schedulesRecomputed: number }> {
    const differing = await zones.differing(canonicalZones(await configs.zonesInUse())).catch(() => undefined);
    // Without an answer, the next pass asks again; nothing else waits for it.
    if (!differing) return { schedulesRecomputed: 0 };
    const names = differing.join();
    if (names === known) return { schedulesRecomputed: 0 };
    if (differing.length > 0) log.warn({ zones: differing }, describeOtherZones(differing));
    const schedulesRecomputed = await recompute(differing);
    if (schedulesRecomputed > 0) log.info({ schedulesRecomputed }, 'schedules had times of older rules of time zones');
    known = names;
    return { schedulesRecomputed };
  };
}

/** Whether Temporal is about to fire at a time that the schedule does not have by rules that both share. */
function isOutdated(row: TaskConfig, actual: ActualSchedule | undefined, differing: string[]): boolean {
  const next = actual?.nextRun;
  if (row.scheduleStatus !== 'active' || !next || next.getTime() <= Date.now()) return false;
  const schedule = tryParse(row.schedulerType, row.scheduleConfig);
  const zone = schedule && serverZoneOf(schedule);
  if (!schedule || zone === undefined || differing.includes(zone)) return false;
  // Temporal's times include jitter and stagger.
  const latenessMs = delaySecondsOf(schedule, row.staggerSeconds) * SECOND_MS;
  const [ours] = nextFireTimes(schedule, new Date(next.getTime() - latenessMs - 1), 1);
  return ours === undefined || ours > next;
}

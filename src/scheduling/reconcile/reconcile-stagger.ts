import { DAY_MS, MINUTE_MS, SECOND_MS } from '../../shared/durations';
import { tryParse } from '../schedule/schedule-config';
import { typeOf } from '../scheduler-types/registry';
import type { Logger } from '../../platform/logger';
import type { Stagger, StaggerRepository } from '../../storage/configs/stagger-repository';
import type { TaskConfig } from '../../storage/configs/task-config';
import type { ActualSchedule } from '../temporal/actual-schedule';
import type { ScheduleConvergence } from '../temporal/schedule-convergence';

export interface StaggerReconcilerDeps {
  staggers: StaggerRepository;
  convergence: ScheduleConvergence;
  log: Logger;
  /** How many runs the Temporal server starts in a second. 0 turns staggering off. */
  startsPerSecond: number;
}

/** What the server starts within this time needs no stagger. */
const UNNOTICED_SECONDS = 4;
/** Within the minute, so that a run of each minute is over before the next one. */
const WIDEST_SECONDS = 50;
/** Staggers grow in steps, so that one more config does not change the schedules of all others. */
const STEP_SECONDS = 10;
/** Longer than a week: a schedule that shares its time once a week keeps its stagger. */
const KEPT_MS = 8 * DAY_MS;
const RENEWED_MS = 7 * DAY_MS;
/** An update of a schedule takes some 30 ms, and a pass has to end within its minute. */
const CHANGES_A_PASS = 1_000;

/** The configs that are due in the same minute, by that minute in epoch milliseconds. */
function groupByDueMinute(
  configs: TaskConfig[],
  schedules: ReadonlyMap<number, ActualSchedule>,
): Map<number, TaskConfig[]> {
  const groups = new Map<number, TaskConfig[]>();
  for (const config of configs) {
    const nextRun = schedules.get(config.id)?.nextRun;
    if (!nextRun) continue;
    const minute = Math.floor(nextRun.getTime() / MINUTE_MS) * MINUTE_MS;
    const group = groups.get(minute);
    if (group) group.push(config);
    else groups.set(minute, [config]);
  }
  return groups;
}

/** The seconds over which so many runs of one minute are spread; 0 for as few as need no stagger. */
export function staggerOf(due: number, startsPerSecond: number): number {
  if (startsPerSecond === 0 || due <= startsPerSecond * UNNOTICED_SECONDS) return 0;
  const seconds = Math.ceil(due / startsPerSecond / STEP_SECONDS) * STEP_SECONDS;
  return Math.min(WIDEST_SECONDS, seconds);
}

/** Whether the config's runs may start later than its schedule says. A date never does. */
function isStaggered(config: TaskConfig): boolean {
  const schedule = tryParse(config.schedulerType, config.scheduleConfig);
  return schedule !== undefined && schedule.isStaggered && typeOf(schedule).fires === 'repeatedly';
}

/**
 * Spreads the runs of schedules that many others share their time with, because the server starts only so many in a
 * second, and a run that begins late makes the next one be skipped.
 */
export function createStaggerReconciler({ staggers, convergence, log, startsPerSecond }: StaggerReconcilerDeps) {
  /** Only those that are narrower or end soon, so that a pass goes on where the one before has stopped. */
  function staggersOf(groups: Map<number, TaskConfig[]>, renewBefore: Date): Stagger[] {
    const wanted: Stagger[] = [];
    for (const [minute, group] of groups) {
      if (startsPerSecond > 0 && group.length > (startsPerSecond * MINUTE_MS) / SECOND_MS)
        log.warn(
          { dueAt: new Date(minute), due: group.length, startsPerSecond },
          'more runs are due in one minute than the Temporal server starts: give some of them other times',
        );
      const seconds = staggerOf(group.length, startsPerSecond);
      if (seconds === 0) continue;
      const isSpread = ({ staggerSeconds, staggeredUntil }: TaskConfig) =>
        staggerSeconds >= seconds && staggeredUntil !== null && staggeredUntil >= renewBefore;
      for (const config of group)
        if (!isSpread(config) && isStaggered(config)) wanted.push({ configId: config.id, seconds });
    }
    return wanted.slice(0, CHANGES_A_PASS);
  }

  return async function reconcileStagger(
    configs: TaskConfig[],
    schedules: ReadonlyMap<number, ActualSchedule>,
  ): Promise<{ schedulesStaggered: number }> {
    const now = Date.now();
    const renewBefore = new Date(now + RENEWED_MS);
    const widened = await staggers.widen(staggersOf(groupByDueMinute(configs, schedules), renewBefore), {
      until: new Date(now + KEPT_MS),
      renewBefore,
    });
    const ended = await staggers.endPassed(new Date(now), CHANGES_A_PASS);
    for (const configId of [...widened, ...ended]) await convergence.converge(configId);
    return { schedulesStaggered: widened.length + ended.length };
  };
}

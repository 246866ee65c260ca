import { delaySecondsOf, nextFireTimes } from '../schedule/fire-times';
import { tryParse } from '../schedule/schedule-config';
import { MINUTE_MS, SECOND_MS } from '../../shared/durations';
import type { ScheduleGateway } from './schedule-gateway';
import type { Schedule } from '../scheduler-types/scheduler-type';
import type { TaskConfigRepository } from '../../storage/configs/task-config-repository';
import type {
  ScheduledRun,
  ScheduledRunRepository,
  TellScheduledRun,
} from '../../storage/executions/scheduled-run-repository';

/** Temporal starts a due run well within this time. */
const PUNCTUAL_MS = 10 * SECOND_MS;

/**
 * Tells due runs from a schedule's triggers and backfills, which Temporal starts just as it starts due ones. A trigger
 * comes at no time of the rule. A backfill comes at such a time too, but late, and where no due run can.
 */
export function createScheduledRunTeller(deps: {
  configs: Pick<TaskConfigRepository, 'get'>;
  runs: ScheduledRunRepository;
  gateway: Pick<ScheduleGateway, 'isFireTime'>;
}): TellScheduledRun {
  const { configs, runs, gateway } = deps;

  /** Temporal itself is asked only where our own calculation does not have the time. */
  async function isFireTime(schedule: Schedule, { configId, scheduledAt }: ScheduledRun): Promise<boolean> {
    const [next] = nextFireTimes(schedule, new Date(scheduledAt.getTime() - 1), 1);
    return next?.getTime() === scheduledAt.getTime() || (await gateway.isFireTime(configId, scheduledAt));
  }

  /** Late runs are due after an outage, within the catch-up window; or when the run before them has ended. */
  async function mayBeLate(run: ScheduledRun, { catchupWindowSeconds }: Schedule): Promise<boolean> {
    const { hasRun, hasWaited } = await runs.look(run, { endedWithinMs: MINUTE_MS });
    const lateMs = run.startedAt.getTime() - run.scheduledAt.getTime();
    return !hasRun && (hasWaited || lateMs <= catchupWindowSeconds * SECOND_MS + PUNCTUAL_MS);
  }

  return async (run) => {
    const config = await configs.get(run.configId);
    const schedule = config && tryParse(config.schedulerType, config.scheduleConfig);
    if (!config || !schedule) return 'schedule';
    if (!(await isFireTime(schedule, run))) return 'temporal';
    const lateMs = run.startedAt.getTime() - run.scheduledAt.getTime();
    if (lateMs <= delaySecondsOf(schedule, config.staggerSeconds) * SECOND_MS + PUNCTUAL_MS) return 'schedule';
    const wasArmed = !config.registeredAt || config.registeredAt <= run.scheduledAt;
    return wasArmed && (await mayBeLate(run, schedule)) ? 'schedule' : 'backfill';
  };
}

import { ScheduleNotSettledError } from './scheduling-errors';
import type { ScheduleGateway } from './schedule-gateway';
import type { TaskConfig } from '../../storage/configs/task-config';
import type { TaskConfigRepository } from '../../storage/configs/task-config-repository';

/** Each round after the first means that another client wrote the row meanwhile. */
const MAX_ROUNDS = 30;

export type ScheduleConvergence = ReturnType<typeof createScheduleConvergence>;

/**
 * Brings the Temporal schedule to what the row says, without a lock. Each client that applies a row reads it again
 * afterwards, so the last one to apply has seen the newest row. Only a crash can leave the two apart, until reconcile.
 */
export function createScheduleConvergence({
  configs,
  gateway,
}: {
  configs: Pick<TaskConfigRepository, 'get' | 'setScheduleStatus' | 'addEvents'>;
  gateway: Pick<ScheduleGateway, 'apply' | 'remove'>;
}) {
  /** Writes a pause by an operator or by pause_on_failure into the row, unless the row has changed meanwhile. */
  async function adoptPause(row: TaskConfig, reason: string): Promise<void> {
    const paused = await configs.setScheduleStatus(row.id, 'paused', {
      from: ['active'],
      ifRevision: row.revision,
      error: `paused in Temporal: ${reason}`,
    });
    if (!paused) return;
    await configs.addEvents(row.id, [
      { event: 'status_changed', newStatus: 'paused' },
      { event: 'task_paused', taskName: row.name, success: true, error: `paused in Temporal: ${reason}` },
    ]);
  }

  /** Temporal drops the runs that wait when it can start the next one, and counts them nowhere. */
  async function tellOfDropped(row: TaskConfig, waitingRuns: number): Promise<void> {
    const runs = waitingRuns === 1 ? 'a due run' : `${waitingRuns} due runs`;
    const unless = row.scheduleStatus === 'paused' ? ', unless the config is resumed before that' : '';
    const error = `${runs} waited for the one at work to end: dropped${unless}`;
    await configs.addEvents(row.id, [{ event: 'runs_dropped', taskName: row.name, success: false, error }]);
  }

  return {
    /** Answers the row that the schedule now follows; undefined when the config is gone, and its schedule with it. */
    async converge(configId: number): Promise<TaskConfig | undefined> {
      for (let round = 1; round <= MAX_ROUNDS; round += 1) {
        const row = await configs.get(configId);
        if (!row) {
          await gateway.remove(configId);
          return undefined;
        }
        const { foreignPause, waitingRuns = 0 } = await gateway.apply(row);
        if (waitingRuns > 0) await tellOfDropped(row, waitingRuns);
        if (foreignPause !== undefined) await adoptPause(row, foreignPause);
        const newest = await configs.get(configId);
        if (newest?.revision === row.revision) return newest;
      }
      throw new ScheduleNotSettledError();
    },
  };
}

import { setTimeout as sleep } from 'node:timers/promises';
import {
  isGrpcServiceError,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  type ScheduleClient,
  type ScheduleDescription,
  type ScheduleOptions,
  type ScheduleOptionsStartWorkflowAction,
  type ScheduleUpdateOptions,
} from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time';
import type { Workflow } from '@temporalio/common';
import {
  countWaiting,
  isForeignPause,
  toActual,
  toDescribed,
  type ActualSchedule,
  type DescribedSchedule,
} from './actual-schedule';
import { matchingTimes } from './matching-times';
import { armedAtOf, taskConfigSchedule } from './temporal-schedule';
import { isContention, isLate, toSchedulerError } from './scheduling-errors';
import type { TaskConfig } from '../../storage/configs/task-config';
import type * as workflows from '../../workflows';

const RECONCILE_SCHEDULE_ID = 'taskloom-reconcile';

export interface ApplyOutcome {
  /** The reason of a foreign pause, when one was found and left in place. */
  foreignPause?: string;
  /** Due runs that waited for the one at work, in the schedule that was paused or removed. */
  waitingRuns?: number;
}

/** The part of the time one try may take, so that a stuck request leaves time for others. The last has the rest. */
const SHARE_OF_A_TRY = 1 / 4;
/** The pauses between them double: 20, 40, 80… ms. */
const CONTENTION_ATTEMPTS = 6;
const CONTENTION_PAUSE_MS = 20;

/** grpc.status.NOT_FOUND: the answer of Temporal's plain service, for which the SDK has no error of its own. */
const GRPC_NOT_FOUND = 5;

const scheduleIdOf = (configId: number) => `task-config-${configId}`;

function configIdOf(scheduleId: string): number | null {
  const digits = /^task-config-(\d+)$/.exec(scheduleId)?.[1];
  return digits === undefined ? null : Number(digits);
}

const reconcileSchedule = (taskQueue: string) => ({
  scheduleId: RECONCILE_SCHEDULE_ID,
  spec: { intervals: [{ every: '60s' as const }] },
  policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '60s' as const },
  action: {
    type: 'startWorkflow' as const,
    workflowType: 'reconcile' satisfies keyof typeof workflows,
    workflowId: RECONCILE_SCHEDULE_ID,
    taskQueue,
    args: [],
    staticSummary: 'Repair what differs between PostgreSQL and Temporal',
  },
});

export type ScheduleGateway = ReturnType<typeof createScheduleGateway>;

/** What configs need of Temporal's ScheduleClient. Throws SchedulerUnavailableError when Temporal does not answer. */
export function createScheduleGateway({
  client,
  taskQueue,
  timeoutMs = 10_000,
}: {
  client: ScheduleClient;
  taskQueue: string;
  timeoutMs?: number;
}) {
  /**
   * Calls Temporal within `timeoutMs`. Without a deadline the client would wait for a dead server until its retries
   * end.
   * `work` must be repeatable, because a try that timed out may have been carried out. If it created the schedule, the
   * next try meets contention and updates it. If it deleted the schedule, the next try finds nothing to delete.
   */
  async function call<Result>(work: () => Promise<Result>): Promise<Result> {
    const shareMs = timeoutMs * SHARE_OF_A_TRY;
    const deadlineMs = Date.now() + timeoutMs;
    for (let contended = 0; ;) {
      const isLast = Date.now() + 2 * shareMs >= deadlineMs;
      try {
        return await client.withDeadline(isLast ? deadlineMs : Date.now() + shareMs, work);
      } catch (error) {
        if (isLate(error) && !isLast) continue;
        if (!isContention(error) || contended === CONTENTION_ATTEMPTS || Date.now() >= deadlineMs)
          throw toSchedulerError(error);
        await sleep(CONTENTION_PAUSE_MS * 2 ** contended);
        contended += 1;
      }
    }
  }

  /** Undefined instead of ScheduleNotFoundError. */
  async function ifFound<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof ScheduleNotFoundError) return undefined;
      throw error;
    }
  }

  /** Updates the schedule, or creates it if there is none. */
  async function upsert<Start extends Workflow, Outcome>(
    create: ScheduleOptions<ScheduleOptionsStartWorkflowAction<Start>>,
    update: (previous: ScheduleDescription) => {
      options: ScheduleUpdateOptions<ScheduleOptionsStartWorkflowAction<Start>>;
      outcome: Outcome;
    },
    created: Outcome,
  ): Promise<Outcome> {
    let outcome = created;
    const isUpdated = await ifFound(async () => {
      await client.getHandle(create.scheduleId).update((previous) => {
        const updated = update(previous);
        outcome = updated.outcome;
        return updated.options;
      });
      return true;
    });
    if (isUpdated) return outcome;
    await client.create(create);
    return created;
  }

  async function remove(configId: number): Promise<void> {
    await call(() => ifFound(() => client.getHandle(scheduleIdOf(configId)).delete()));
  }

  async function describe(configId: number): Promise<DescribedSchedule | null> {
    const found = await call(() => ifFound(() => client.getHandle(scheduleIdOf(configId)).describe()));
    return found ? toDescribed(configId, found) : null;
  }

  return {
    remove,

    /**
     * Brings the Temporal schedule into the state that the row wants. A foreign pause of an active schedule stays, and
     * is returned. A start of the config after the pause ends it.
     */
    async apply(config: TaskConfig): Promise<ApplyOutcome> {
      const wanted = taskConfigSchedule(config, { scheduleId: scheduleIdOf(config.id), taskQueue, now: new Date() });
      if (!wanted) {
        const schedule = await describe(config.id);
        if (schedule) await remove(config.id);
        return { waitingRuns: schedule?.waitingRuns };
      }
      return call(() =>
        upsert<typeof workflows.runTask, ApplyOutcome>(
          wanted,
          (previous) => {
            if (wanted.state.paused)
              return { options: wanted, outcome: { waitingRuns: previous.state.paused ? 0 : countWaiting(previous) } };
            if (!isForeignPause(previous.state) || previous.action.memo?.['armedAt'] !== armedAtOf(config))
              return { options: wanted, outcome: {} };
            const state = { ...wanted.state, paused: true, note: previous.state.note };
            return { options: { ...wanted, state }, outcome: { foreignPause: previous.state.note ?? '' } };
          },
          {},
        ),
      );
    },

    describe,

    /** When Temporal will fire the config's schedule, paused or not, with its jitter; empty when there is none. */
    async timesBetween(configId: number, span: { after: Date; until: Date; atMost: number }): Promise<Date[]> {
      return call(() => matchingTimes(client, scheduleIdOf(configId), span));
    },

    /** The schedules of these configs, or of all, in one paged call. It may lag a moment behind the last write. */
    async list(configIds?: number[]): Promise<Map<number, ActualSchedule>> {
      if (configIds?.length === 0) return new Map();
      const query = configIds
        ? `TaskConfigId IN (${configIds.map((id) => Math.trunc(id)).join(',')})`
        : 'TaskConfigId IS NOT NULL';
      return call(async () => {
        const found = new Map<number, ActualSchedule>();
        for await (const summary of client.list({ query })) {
          const configId = configIdOf(summary.scheduleId);
          if (configId !== null) found.set(configId, toActual(configId, summary));
        }
        return found;
      });
    },

    /** The schedules of all configs. Where there are more than `most`, it stops there, and `isComplete` is false. */
    async listFirst(most: number): Promise<{ schedules: Map<number, ActualSchedule>; isComplete: boolean }> {
      return call(async () => {
        const schedules = new Map<number, ActualSchedule>();
        for await (const summary of client.list({ query: 'TaskConfigId IS NOT NULL', pageSize: most })) {
          const configId = configIdOf(summary.scheduleId);
          if (configId === null) continue;
          if (schedules.size === most) return { schedules, isComplete: false };
          schedules.set(configId, toActual(configId, summary));
        }
        return { schedules, isComplete: true };
      });
    },

    /** Whether the rule of the schedule in Temporal has this time, to the second. */
    async isFireTime(configId: number, time: Date): Promise<boolean> {
      const request = {
        namespace: client.options.namespace,
        scheduleId: scheduleIdOf(configId),
        // The start itself is left out.
        startTime: msToTs(time.getTime() - 1_000),
        endTime: msToTs(time.getTime()),
      };
      const found = await call(() =>
        client.workflowService.listScheduleMatchingTimes(request).catch((error: unknown) => {
          if (isGrpcServiceError(error) && Number(error.code) === GRPC_NOT_FOUND) return undefined;
          throw error;
        }),
      );
      return (found?.startTime ?? []).some(({ seconds }) => Number(seconds) * 1_000 === time.getTime());
    },

    /** Creates or updates the schedule of the reconcile workflow. An operator's pause of it is kept. */
    async ensureReconcileSchedule(): Promise<void> {
      const wanted = reconcileSchedule(taskQueue);
      await call(() =>
        upsert(
          wanted,
          (previous) => ({
            options: { ...wanted, state: { paused: previous.state.paused, note: previous.state.note } },
            outcome: undefined,
          }),
          undefined,
        ),
      );
    },

    /** Creates the schedule of the reconcile workflow if it is gone. Returns whether it was. */
    async restoreReconcileSchedule(): Promise<boolean> {
      return call(async () => {
        const found = await ifFound(() => client.getHandle(RECONCILE_SCHEDULE_ID).describe());
        if (!found) await client.create(reconcileSchedule(taskQueue));
        return !found;
      });
    },
  };
}

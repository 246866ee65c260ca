import {
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  type ScheduleClient,
  type ScheduleDescription,
  type ScheduleOptions,
  type ScheduleOptionsStartWorkflowAction,
  type ScheduleSummary,
  type ScheduleUpdateOptions,
} from '@temporalio/client';
import type { Workflow } from '@temporalio/common';
import { taskConfigSchedule } from './schedule-action';
import { isForeignNote, revisionOf } from './schedule-note';
import { toSchedulerError } from './scheduling-errors';
import type { TaskConfig } from '../storage/models/task-config';
import type * as workflows from '../workflows';

export const RECONCILE_SCHEDULE_ID = 'taskloom-reconcile';

/** A Temporal schedule as a list shows it, a moment late. */
export interface ActualSchedule {
  configId: number;
  /** `exhausted`: it will never fire again. */
  state: 'active' | 'paused' | 'exhausted';
  isPaused: boolean;
  note: string | null;
  /** Of the config it was made from; null when somebody else wrote the note. */
  revision: number | null;
  /** Paused, and not by us: in the Web UI, or by pause_on_failure. */
  isForeignPause: boolean;
  /** Temporal's own next time; null while paused. */
  nextRun: Date | null;
  /** Newest last. */
  recentRuns: { workflowId: string; runId: string; scheduledAt: Date; takenAt: Date }[];
}

export interface DescribedSchedule extends ActualSchedule {
  runningRuns: { workflowId: string; runId: string }[];
  timesFired: number;
  skippedOverlap: number;
  missedCatchup: number;
}

export interface ApplyOutcome {
  /** Set when somebody else's pause was found, and left as it is: the reason they gave. */
  foreignPause?: string;
}

const ID_PREFIX = 'task-config-';
export const scheduleIdOf = (configId: number) => `${ID_PREFIX}${configId}`;

function configIdOf(scheduleId: string): number | null {
  const digits = /^task-config-(\d+)$/.exec(scheduleId)?.[1];
  return digits === undefined ? null : Number(digits);
}

export type ScheduleGateway = ReturnType<typeof createScheduleGateway>;

/** The only place that talks to Temporal's ScheduleClient. Throws SchedulerUnavailableError when Temporal does not answer. */
export function createScheduleGateway({ client, taskQueue, timeoutMs = 10_000 }: { client: ScheduleClient; taskQueue: string; timeoutMs?: number }) {
  /** Without a deadline the client would wait for a dead server for as long as its retries last. */
  async function call<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await client.withDeadline(Date.now() + timeoutMs, work);
    } catch (error) {
      throw toSchedulerError(error);
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

  /** Updates, or creates what is not there; another writer may create or delete between the two steps. */
  async function upsert<Start extends Workflow, Outcome>(
    create: ScheduleOptions<ScheduleOptionsStartWorkflowAction<Start>>,
    update: (previous: ScheduleDescription) => { options: ScheduleUpdateOptions<ScheduleOptionsStartWorkflowAction<Start>>; outcome: Outcome },
    created: Outcome,
  ): Promise<Outcome> {
    const handle = client.getHandle(create.scheduleId);
    for (let attempt = 1; ; attempt += 1) {
      let outcome = created;
      const isUpdated = await ifFound(async () => {
        await handle.update((previous) => {
          const updated = update(previous);
          outcome = updated.outcome;
          return updated.options;
        });
        return true;
      });
      if (isUpdated) return outcome;
      try {
        await client.create(create);
        return created;
      } catch (error) {
        if (!(error instanceof ScheduleAlreadyRunning) || attempt === UPSERT_ATTEMPTS) throw error;
      }
    }
  }

  async function remove(configId: number): Promise<void> {
    await call(() => ifFound(() => client.getHandle(scheduleIdOf(configId)).delete()));
  }

  return {
    remove,

    /**
     * Makes the Temporal schedule what the row desires, whatever it was before. Somebody else's pause of an active
     * schedule stays, and is reported, unless `unpause` says that a person asked for it to run.
     */
    async apply(config: TaskConfig, { unpause = false }: { unpause?: boolean } = {}): Promise<ApplyOutcome> {
      const wanted = taskConfigSchedule(config, { scheduleId: scheduleIdOf(config.id), taskQueue });
      if (!wanted) {
        await remove(config.id);
        return {};
      }
      return call(() =>
        upsert<typeof workflows.runTask, ApplyOutcome>(
          wanted,
          (previous) => {
            if (wanted.state.paused || unpause || !isForeignPause(previous.state)) return { options: wanted, outcome: {} };
            const state = { ...wanted.state, paused: true, note: previous.state.note };
            return { options: { ...wanted, state }, outcome: { foreignPause: previous.state.note ?? '' } };
          },
          {},
        ),
      );
    },

    async describe(configId: number): Promise<DescribedSchedule | null> {
      const found = await call(() => ifFound(() => client.getHandle(scheduleIdOf(configId)).describe()));
      if (!found) return null;
      return {
        ...toActual(configId, found),
        runningRuns: found.info.runningActions.map(({ workflow }) => ({ workflowId: workflow.workflowId, runId: workflow.firstExecutionRunId })),
        timesFired: found.info.numActionsTaken,
        skippedOverlap: found.info.numActionsSkippedOverlap,
        missedCatchup: found.info.numActionsMissedCatchupWindow,
      };
    },

    /** The schedules of these configs, or of all, in one (paged) call. It may lag a moment behind what was written. */
    async list(configIds?: number[]): Promise<Map<number, ActualSchedule>> {
      if (configIds?.length === 0) return new Map();
      const query = configIds ? `TaskConfigId IN (${configIds.map((id) => Math.trunc(id)).join(',')})` : 'TaskConfigId IS NOT NULL';
      return call(async () => {
        const found = new Map<number, ActualSchedule>();
        for await (const summary of client.list({ query })) {
          const configId = configIdOf(summary.scheduleId);
          if (configId !== null) found.set(configId, toActual(configId, summary));
        }
        return found;
      });
    },

    /** The system schedule that repairs what a crash left behind; an operator's pause of it is kept. */
    async ensureReconcileSchedule(): Promise<void> {
      const wanted = {
        scheduleId: RECONCILE_SCHEDULE_ID,
        spec: { intervals: [{ every: '60s' as const }] },
        policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '60s' as const },
        action: { type: 'startWorkflow' as const, workflowType: 'reconcile' satisfies keyof typeof workflows, workflowId: RECONCILE_SCHEDULE_ID, taskQueue, args: [], staticSummary: 'Repair what differs between PostgreSQL and Temporal' },
      };
      await call(() => upsert(wanted, (previous) => ({ options: { ...wanted, state: { paused: previous.state.paused, note: previous.state.note } }, outcome: undefined }), undefined));
    },
  };
}

const UPSERT_ATTEMPTS = 5;

const isForeignPause = (state: { paused: boolean; note?: string }) => state.paused && isForeignNote(state.note);

function toActual(configId: number, schedule: ScheduleSummary | ScheduleDescription): ActualSchedule {
  const [nextRun = null] = schedule.info.nextActionTimes;
  const { paused, note } = schedule.state;
  return {
    configId,
    state: nextRun === null ? 'exhausted' : paused ? 'paused' : 'active',
    isPaused: paused,
    note: note ?? null,
    revision: revisionOf(note),
    isForeignPause: isForeignPause(schedule.state),
    nextRun: paused ? null : nextRun,
    recentRuns: schedule.info.recentActions.map(({ action, scheduledAt, takenAt }) => ({ workflowId: action.workflow.workflowId, runId: action.workflow.firstExecutionRunId, scheduledAt, takenAt })),
  };
}

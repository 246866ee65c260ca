import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowHandle,
} from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import { childWorkflowIdOf } from './run-ids';
import type { TriggeredBy } from '../../../storage/executions/task-execution';
import type { SEARCH_ATTRIBUTES } from '../../../platform/temporal';
import type * as workflows from '../../../workflows';
import type { BatchRequest, RunRequest } from '../../../workflows';
import type { ExecutionDetailBody } from '../../schemas/execution-schemas';

/** A caller is told that Temporal is away within this time, instead of after the client's own retries. */
const ANSWER_WITHIN_MS = 5_000;

export interface RunToStart {
  workflowId: string;
  request: RunRequest;
  taskType: string;
  /** Null for a run without a config. */
  configName: string | null;
  /** 1 to 10, 10 highest. */
  priority: number;
  fingerprint?: string;
}

/** What is kept with a workflow, for people and for repetitions of the request that started it. */
interface Memo {
  [name: string]: unknown;
  fingerprint?: string;
}
interface BatchMemo extends Memo {
  configIds: number[];
  failed?: { id: number; error: string }[];
}
type Live = NonNullable<ExecutionDetailBody['live']>;

/** Temporal's keys go from 1 (soonest) to 5. */
export const priorityKeyOf = (priority: number) => 6 - Math.ceil(priority / 2);

export type ExecutionGateway = ReturnType<typeof createExecutionGateway>;

/** With progress-gateway.ts the only file that talks to Temporal's WorkflowClient. */
export function createExecutionGateway(deps: {
  client: Client;
  taskQueue: string;
  searchAttributes: typeof SEARCH_ATTRIBUTES;
}) {
  const { client, taskQueue, searchAttributes: keys } = deps;
  const soon = <Answer>(ask: () => Promise<Answer>) => client.withDeadline(Date.now() + ANSWER_WITHIN_MS, ask);

  /** Undefined when there is no such workflow. */
  async function findMemo<Kept extends Memo>(workflowId: string): Promise<Kept | undefined> {
    try {
      return ((await soon(() => client.workflow.getHandle(workflowId).describe())).memo ?? {}) as Kept;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    }
  }

  /**
   * Answers what is kept with the workflow that now has this id: the new one, or the one that an earlier request
   * started.
   */
  async function start<Kept extends Memo>(
    workflowType: keyof typeof workflows,
    workflowId: string,
    request: RunRequest | BatchRequest,
    options: {
      memo: Kept;
      triggeredBy: TriggeredBy;
      taskType?: string;
      configId?: number | null;
      summary: string;
      priority: number;
    },
  ): Promise<Kept> {
    const attributes = new TypedSearchAttributes([
      { key: keys.TriggeredBy, value: options.triggeredBy },
      ...(options.taskType === undefined ? [] : [{ key: keys.TaskType, value: options.taskType }]),
      ...(typeof options.configId === 'number' ? [{ key: keys.TaskConfigId, value: options.configId }] : []),
    ]);
    try {
      await soon(() =>
        client.workflow.start(workflowType, {
          taskQueue,
          workflowId,
          args: [request],
          // A closed run of the same id is the same request too, sent again.
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
          memo: options.memo,
          typedSearchAttributes: attributes,
          staticSummary: options.summary,
          priority: { priorityKey: priorityKeyOf(options.priority) },
        }),
      );
      return options.memo;
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      return (await findMemo<Kept>(workflowId)) ?? options.memo;
    }
  }

  /** False when there is no such workflow, or it has closed. */
  async function tell(
    workflowId: string,
    runId: string | undefined,
    what: (handle: WorkflowHandle) => Promise<unknown>,
  ): Promise<boolean> {
    try {
      await soon(() => what(client.workflow.getHandle(workflowId, runId)));
      return true;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  }

  return {
    taskQueue,

    startRun(run: RunToStart): Promise<Memo> {
      const { request, taskType, configName, fingerprint } = run;
      return start('runTask' satisfies keyof typeof workflows, run.workflowId, request, {
        memo: {
          configName,
          taskType,
          requestedBy: request.requestedBy ?? null,
          ...(fingerprint === undefined ? {} : { fingerprint }),
        },
        triggeredBy: request.triggeredBy,
        taskType,
        configId: request.configId,
        summary: configName === null ? taskType : `${taskType} · ${configName}`,
        priority: run.priority,
      });
    },

    startBatch(
      workflowId: string,
      request: BatchRequest,
      forRepetitions: Omit<BatchMemo, 'configIds'>,
    ): Promise<BatchMemo> {
      return start<BatchMemo>('runBatch' satisfies keyof typeof workflows, workflowId, request, {
        memo: {
          configIds: request.configIds,
          requestedBy: request.requestedBy ?? null,
          ...(forRepetitions.fingerprint === undefined ? {} : forRepetitions),
        },
        triggeredBy: 'batch',
        summary: `Batch of ${request.configIds.length} runs`,
        priority: 5,
      });
    },

    findBatch: (workflowId: string) => findMemo<BatchMemo>(workflowId),

    cancel: (workflowId: string, runId?: string) => tell(workflowId, runId, (handle) => handle.cancel()),

    terminate: (workflowId: string, reason: string, runId?: string) =>
      tell(workflowId, runId, (handle) => handle.terminate(reason)),

    /** Tells an open batch that its n-th run is not wanted any more; false when there is no such batch or run. */
    async cancelInBatch(workflowId: string, n: number): Promise<boolean> {
      try {
        const {
          type,
          taskQueue: queue,
          status,
          memo,
        } = await soon(() => client.workflow.getHandle(workflowId).describe());
        const size = (memo?.configIds as number[] | undefined)?.length ?? 0;
        const isOurs =
          type === ('runBatch' satisfies keyof typeof workflows) && queue === taskQueue && status.name === 'RUNNING';
        if (!isOurs || n < 1 || n > size) return false;
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      }
      return tell(workflowId, undefined, (handle) => handle.signal<[number]>('cancelRun', n));
    },

    /** Whether a task's run of this id is under way; other workflows of the namespace are nobody's business here. */
    async isRunOpen(workflowId: string): Promise<boolean> {
      try {
        const description = await soon(() => client.workflow.getHandle(workflowId).describe());
        return (
          description.type === ('runTask' satisfies keyof typeof workflows) &&
          description.taskQueue === taskQueue &&
          description.status.name === 'RUNNING'
        );
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      }
    },

    /** Undefined when Temporal does not answer, or does not know the run any more. */
    async describeLive(workflowId: string, runId: string): Promise<Live | undefined> {
      try {
        const { raw, historyLength } = await soon(() => client.workflow.getHandle(workflowId, runId).describe());
        // A task type with a workflow of its own does its work there.
        const workId = raw.pendingChildren
          ?.map((child) => child.workflowId)
          .find((id) => id === childWorkflowIdOf(workflowId));
        const inWork = workId
          ? (await soon(() => client.workflow.getHandle(workId).describe())).raw.pendingActivities
          : [];
        return {
          pending_activities: [...(raw.pendingActivities ?? []), ...(inWork ?? [])].map((activity) => ({
            type: activity.activityType?.name ?? '',
            attempt: activity.attempt ?? 1,
            last_failure: activity.lastFailure?.message ?? null,
            last_heartbeat_at: activity.lastHeartbeatTime
              ? new Date(
                  Number(activity.lastHeartbeatTime.seconds) * 1_000 + (activity.lastHeartbeatTime.nanos ?? 0) / 1e6,
                ).toISOString()
              : null,
          })),
          history_length: historyLength,
        };
      } catch {
        return undefined;
      }
    },
  };
}

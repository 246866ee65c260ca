import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowExecutionDescription,
  type WorkflowHandle,
} from '@temporalio/client';
import { toRunSearchAttributes, type RunSearchAttributes } from '../../../scheduling/temporal/search-attributes';
import { priorityKeyOf } from '../../../shared/priority-key';
import { runSummary } from '../../../shared/run-summary';
import { fromTimestamp } from '../common/times';
import { childWorkflowIdOf } from './run-ids';
import type { RunSignatures } from '../../../platform/run-signatures';
import type * as workflows from '../../../workflows';
import type { BatchRequest, RunRequest } from '../../../workflows';
import type { ExecutionDetailBody } from '../../schemas/execution-schemas';

/** Temporal's unavailability is reported after this time, not only after the client's own retries. */
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

/** A workflow's memo: for people, and to recognise a repetition of the request that started it. */
interface Memo {
  [name: string]: unknown;
  fingerprint?: string;
}
interface BatchMemo extends Memo {
  configIds: number[];
  failed?: { id: number; error: string }[];
}
type Live = NonNullable<ExecutionDetailBody['live']>;

export type ExecutionGateway = ReturnType<typeof createExecutionGateway>;

/** This file and progress-gateway.ts are the only ones of the API that use Temporal's WorkflowClient. */
export function createExecutionGateway({
  client,
  taskQueue,
  signatures,
}: {
  client: Client;
  taskQueue: string;
  signatures: RunSignatures;
}) {
  const withDeadline = <Answer>(ask: () => Promise<Answer>) => client.withDeadline(Date.now() + ANSWER_WITHIN_MS, ask);

  /** Undefined when there is no such workflow. */
  async function describe(workflowId: string): Promise<WorkflowExecutionDescription | undefined> {
    try {
      return await withDeadline(() => client.workflow.getHandle(workflowId).describe());
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    }
  }

  /**
   * The open workflow of this type on our task queue; workflows of other applications in the namespace are left alone.
   */
  async function findOpen(
    type: keyof typeof workflows,
    workflowId: string,
  ): Promise<WorkflowExecutionDescription | undefined> {
    const found = await describe(workflowId);
    const isOpen = found?.type === type && found.taskQueue === taskQueue && found.status.name === 'RUNNING';
    return isOpen ? found : undefined;
  }

  /** The run that is in progress under this workflow id. A reset in Temporal gives it another run id. */
  const findOpenRunId = async (workflowId: string): Promise<string | undefined> =>
    (await findOpen('runTask' satisfies keyof typeof workflows, workflowId))?.runId;

  /** Undefined when there is no such workflow. */
  async function findMemo<Kept extends Memo>(workflowId: string): Promise<Kept | undefined> {
    const found = await describe(workflowId);
    return found && ((found.memo ?? {}) as Kept);
  }

  /** Returns the memo of the workflow that has this id: the new one, or the one that an earlier request started. */
  async function start<Kept extends Memo>(
    workflowType: keyof typeof workflows,
    workflowId: string,
    request: RunRequest | BatchRequest,
    options: RunSearchAttributes & { memo: Kept; summary: string; priority: number },
  ): Promise<Kept> {
    try {
      await withDeadline(() =>
        client.workflow.start(workflowType, {
          taskQueue,
          workflowId,
          args: [signatures.sign(workflowId, request)],
          // The id of a closed run also means that the request was sent before.
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
          memo: options.memo,
          typedSearchAttributes: toRunSearchAttributes(options),
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

  /** Does `what` with a running workflow. False when there is no such workflow, or it has closed. */
  async function send(
    workflowId: string,
    runId: string | undefined,
    what: (handle: WorkflowHandle) => Promise<unknown>,
  ): Promise<boolean> {
    try {
      await withDeadline(() => what(client.workflow.getHandle(workflowId, runId)));
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
        summary: runSummary(taskType, configName),
        priority: run.priority,
      });
    },

    startBatch(
      workflowId: string,
      request: BatchRequest,
      forRepeatedRequests: Omit<BatchMemo, 'configIds'>,
    ): Promise<BatchMemo> {
      return start<BatchMemo>('runBatch' satisfies keyof typeof workflows, workflowId, request, {
        memo: {
          configIds: request.configIds,
          requestedBy: request.requestedBy ?? null,
          ...(forRepeatedRequests.fingerprint === undefined ? {} : forRepeatedRequests),
        },
        triggeredBy: 'batch',
        configId: null,
        summary: `Batch of ${request.configIds.length} runs`,
        priority: 5,
      });
    },

    findBatch: (workflowId: string) => findMemo<BatchMemo>(workflowId),

    cancel: (workflowId: string, runId?: string) => send(workflowId, runId, (handle) => handle.cancel()),

    terminate: (workflowId: string, reason: string, runId?: string) =>
      send(workflowId, runId, (handle) => handle.terminate(reason)),

    /** Asks an open batch to cancel its n-th run, counted from 1. False when there is no such batch or run. */
    async cancelInBatch(workflowId: string, n: number): Promise<boolean> {
      const batch = await findOpen('runBatch' satisfies keyof typeof workflows, workflowId);
      if (!batch) return false;
      const { configIds } = (batch.memo ?? {}) as Partial<BatchMemo>;
      if (n < 1 || n > (configIds?.length ?? 0)) return false;
      return send(workflowId, undefined, (handle) => handle.signal<[number]>('cancelRun', n));
    },

    findOpenRunId,

    /** Whether a run with this workflow id is in progress. */
    isRunOpen: async (workflowId: string): Promise<boolean> => (await findOpenRunId(workflowId)) !== undefined,

    /** What Temporal tells of a running execution; undefined when it does not answer or no longer knows the run. */
    async describeLive(workflowId: string, runId: string): Promise<Live | undefined> {
      try {
        const { raw, historyLength } = await withDeadline(() =>
          client.workflow.getHandle(workflowId, runId).describe(),
        );
        // For task types with a workflow of their own, the child workflow has the pending activities.
        const childId = raw.pendingChildren
          ?.map((child) => child.workflowId)
          .find((id) => id === childWorkflowIdOf(workflowId));
        const ofChild = childId
          ? (await withDeadline(() => client.workflow.getHandle(childId).describe())).raw.pendingActivities
          : [];
        return {
          pending_activities: [...(raw.pendingActivities ?? []), ...(ofChild ?? [])].map((activity) => ({
            type: activity.activityType?.name ?? '',
            attempt: activity.attempt ?? 1,
            last_failure: activity.lastFailure?.message ?? null,
            last_heartbeat_at: activity.lastHeartbeatTime
              ? fromTimestamp(activity.lastHeartbeatTime).toISOString()
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

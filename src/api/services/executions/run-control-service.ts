import { ConflictError, NotFoundError } from '../../errors';
import type { ExecutionGateway } from './execution-gateway';
import type { ExecutionQueryRepository, ExecutionView } from '../../../storage/executions/execution-query-repository';
import type { ExecutionRepository } from '../../../storage/executions/execution-repository';
import type { ControlResult } from '../../schemas/execution-schemas';

const isInBatch = (execution: ExecutionView) => execution.taskId !== execution.workflowId;

export type RunControlService = ReturnType<typeof createRunControlService>;

/** Stops runs: cancels them, so that they clean up and record their end themselves, or terminates them at once. */
export function createRunControlService(deps: {
  queries: ExecutionQueryRepository;
  executions: ExecutionRepository;
  gateway: ExecutionGateway;
}) {
  const { queries, executions, gateway } = deps;

  /**
   * The row of a running execution; undefined when it has no row (yet). Throws ConflictError for one that has ended.
   */
  async function findRunning(idOrTaskId: string): Promise<ExecutionView | undefined> {
    const execution = await queries.find(idOrTaskId);
    if (!execution || execution.status === 'running') return execution;
    // Under a task id, a run may go on that was reset in Temporal, and that no worker has taken yet.
    if (execution.taskId === idOrTaskId && !isInBatch(execution) && (await gateway.isRunOpen(idOrTaskId)))
      return undefined;
    throw new ConflictError(`The execution has already ended: ${execution.status}`);
  }

  /** A row that has not heard yet of its run's reset in Temporal stands for the run that goes on. */
  async function inPresentRun(
    { workflowId, runId }: ExecutionView,
    stop: (workflowId: string, runId?: string) => Promise<boolean>,
  ): Promise<boolean> {
    // Temporal accepts the cancellation of a closed run, too.
    return stop(workflowId, (await gateway.findOpenRunId(workflowId)) ?? runId);
  }

  /** Cancels a run of a batch that has no row yet, through the batch's workflow. False for any other id. */
  async function cancelQueuedInBatch(taskId: string): Promise<boolean> {
    const [, batchId, n] = /^(batch-.+)-(\d{1,6})$/.exec(taskId) ?? [];
    return batchId !== undefined && gateway.cancelInBatch(batchId, Number(n));
  }

  /** A run without a row may be known to Temporal already; otherwise throws NotFoundError. */
  async function requireOpenRun(taskId: string): Promise<void> {
    if (/^\d+$/.test(taskId) || !(await gateway.isRunOpen(taskId))) throw new NotFoundError('Execution not found');
  }

  function confirm(isDone: boolean, taskId: string, message: string): ControlResult {
    if (!isDone) throw new ConflictError('The execution has already ended');
    return { success: true, message, task_id: taskId };
  }

  return {
    async cancel(idOrTaskId: string): Promise<ControlResult> {
      const execution = await findRunning(idOrTaskId);
      if (!execution) {
        if (await cancelQueuedInBatch(idOrTaskId)) return confirm(true, idOrTaskId, 'Cancellation requested');
        await requireOpenRun(idOrTaskId);
        return confirm(await gateway.cancel(idOrTaskId), idOrTaskId, 'Cancellation requested');
      }
      const isDone = isInBatch(execution)
        ? await executions.cancelInBatch(execution.id)
        : await inPresentRun(execution, gateway.cancel);
      return confirm(isDone, execution.taskId, 'Cancellation requested');
    },

    async terminate(idOrTaskId: string, requestedBy: string): Promise<ControlResult> {
      const execution = await findRunning(idOrTaskId);
      const reason = `Terminated by ${requestedBy}`;
      if (!execution) {
        // A queued run has done nothing yet, so that cancelling it is enough.
        if (await cancelQueuedInBatch(idOrTaskId)) return confirm(true, idOrTaskId, 'Cancelled before it began');
        await requireOpenRun(idOrTaskId);
        return confirm(await gateway.terminate(idOrTaskId, reason), idOrTaskId, 'Terminated');
      }
      // The workflow of a batch is not terminated: it goes on, and skips runs whose rows have ended.
      const terminate = (workflowId: string, runId?: string) => gateway.terminate(workflowId, reason, runId);
      const isDone = isInBatch(execution) || (await inPresentRun(execution, terminate));
      if (isDone)
        await executions.end(execution.id, { status: 'terminated', endedAt: new Date(), errorMessage: reason });
      return confirm(isDone, execution.taskId, 'Terminated');
    },
  };
}

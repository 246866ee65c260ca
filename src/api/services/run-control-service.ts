import { ConflictError, NotFoundError } from '../errors';
import type { ExecutionGateway } from './execution-gateway';
import type { ExecutionQueryRepository, ExecutionView } from '../../storage/execution-query-repository';
import type { ExecutionRepository } from '../../storage/execution-repository';
import type { ControlResult } from '../schemas/execution-schemas';

const isInBatch = (execution: ExecutionView) => execution.taskId !== execution.workflowId;

export type RunControlService = ReturnType<typeof createRunControlService>;

/** Stops runs: gently, so that they clean up and record it themselves, or at once. */
export function createRunControlService(deps: { queries: ExecutionQueryRepository; executions: ExecutionRepository; gateway: ExecutionGateway }) {
  const { queries, executions, gateway } = deps;

  /** A run of a batch whose rows are not there yet: its workflow is told. False when the id is not such a run's. */
  async function cancelQueuedInBatch(taskId: string): Promise<boolean> {
    const [, batchId, n] = /^(batch-.+)-(\d{1,6})$/.exec(taskId) ?? [];
    return batchId !== undefined && gateway.cancelInBatch(batchId, Number(n));
  }

  /** The row of a running execution, or null for a run that only Temporal knows yet. One that waits in a batch is stopped on the way. */
  async function findRunningOrCancelQueued(idOrTaskId: string): Promise<ExecutionView | 'queued in a batch' | null> {
    const execution = await queries.find(idOrTaskId);
    if (execution && execution.status !== 'running') throw new ConflictError(`The execution has already ended: ${execution.status}`);
    if (execution) return execution;
    if (await cancelQueuedInBatch(idOrTaskId)) return 'queued in a batch';
    if (/^\d+$/.test(idOrTaskId) || !(await gateway.isRunOpen(idOrTaskId))) throw new NotFoundError('Execution not found');
    return null;
  }

  function confirm(isDone: boolean, taskId: string, message: string): ControlResult {
    if (!isDone) throw new ConflictError('The execution has already ended');
    return { success: true, message, task_id: taskId };
  }

  return {
    async cancel(idOrTaskId: string): Promise<ControlResult> {
      const execution = await findRunningOrCancelQueued(idOrTaskId);
      if (execution === 'queued in a batch') return { success: true, message: 'Cancellation requested', task_id: idOrTaskId };
      if (!execution) return confirm(await gateway.cancel(idOrTaskId), idOrTaskId, 'Cancellation requested');
      const isDone = isInBatch(execution) ? await executions.cancelInBatch(execution.id) : await gateway.cancel(execution.workflowId, execution.runId);
      return confirm(isDone, execution.taskId, 'Cancellation requested');
    },

    async terminate(idOrTaskId: string, requestedBy: string): Promise<ControlResult> {
      const execution = await findRunningOrCancelQueued(idOrTaskId);
      // What has not begun has nothing to be torn out of.
      if (execution === 'queued in a batch') return { success: true, message: 'Cancelled before it began', task_id: idOrTaskId };
      const reason = `Terminated by ${requestedBy}`;
      if (!execution) return confirm(await gateway.terminate(idOrTaskId, reason), idOrTaskId, 'Terminated');
      // A batch goes on without this run: it leaves alone what has ended.
      const isDone = isInBatch(execution) || (await gateway.terminate(execution.workflowId, reason, execution.runId));
      if (isDone) await executions.end(execution.id, { status: 'terminated', endedAt: new Date(), errorMessage: reason });
      return confirm(isDone, execution.taskId, 'Terminated');
    },
  };
}

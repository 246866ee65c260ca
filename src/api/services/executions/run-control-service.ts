import { ConflictError, NotFoundError } from '../../errors';
import type { ExecutionGateway } from './execution-gateway';
import type { ExecutionQueryRepository, ExecutionView } from '../../../storage/executions/execution-query-repository';
import type { ExecutionRepository } from '../../../storage/executions/execution-repository';
import type { ControlResult } from '../../schemas/execution-schemas';

const isInBatch = (execution: ExecutionView) => execution.taskId !== execution.workflowId;

export type RunControlService = ReturnType<typeof createRunControlService>;

/** Stops runs: gently, so that they clean up and record it themselves, or at once. */
export function createRunControlService(deps: {
  queries: ExecutionQueryRepository;
  executions: ExecutionRepository;
  gateway: ExecutionGateway;
}) {
  const { queries, executions, gateway } = deps;

  /** The row of a running execution; undefined for one that has none (yet). */
  async function findRunning(idOrTaskId: string): Promise<ExecutionView | undefined> {
    const execution = await queries.find(idOrTaskId);
    if (execution && execution.status !== 'running')
      throw new ConflictError(`The execution has already ended: ${execution.status}`);
    return execution;
  }

  /** A run of a batch whose rows are not there yet: its workflow is told. False when the id is not such a run's. */
  async function cancelQueuedInBatch(taskId: string): Promise<boolean> {
    const [, batchId, n] = /^(batch-.+)-(\d{1,6})$/.exec(taskId) ?? [];
    return batchId !== undefined && gateway.cancelInBatch(batchId, Number(n));
  }

  /** Of a run without a row Temporal may know already. */
  async function checkOpen(taskId: string): Promise<void> {
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
        await checkOpen(idOrTaskId);
        return confirm(await gateway.cancel(idOrTaskId), idOrTaskId, 'Cancellation requested');
      }
      const isDone = isInBatch(execution)
        ? await executions.cancelInBatch(execution.id)
        : await gateway.cancel(execution.workflowId, execution.runId);
      return confirm(isDone, execution.taskId, 'Cancellation requested');
    },

    async terminate(idOrTaskId: string, requestedBy: string): Promise<ControlResult> {
      const execution = await findRunning(idOrTaskId);
      const reason = `Terminated by ${requestedBy}`;
      if (!execution) {
        // What has not begun has nothing to be torn out of.
        if (await cancelQueuedInBatch(idOrTaskId)) return confirm(true, idOrTaskId, 'Cancelled before it began');
        await checkOpen(idOrTaskId);
        return confirm(await gateway.terminate(idOrTaskId, reason), idOrTaskId, 'Terminated');
      }
      // A batch goes on without this run: it leaves alone what has ended.
      const isDone = isInBatch(execution) || (await gateway.terminate(execution.workflowId, reason, execution.runId));
      if (isDone)
        await executions.end(execution.id, { status: 'terminated', endedAt: new Date(), errorMessage: reason });
      return confirm(isDone, execution.taskId, 'Terminated');
    },
  };
}

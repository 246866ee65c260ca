import { findTaskType } from '../tasks/registry';
import type { ExecutionOutcome, RunPlan } from './run-request';
import type { ExecutionEnd } from '../storage/executions/execution-ends';
import type { TaskExecution } from '../storage/executions/task-execution';

/** What a row's run is to do, or the outcome of one that cannot run. */
export function planOf(execution: TaskExecution): RunPlan | { kind: 'refused'; outcome: ExecutionOutcome } {
  const { taskType: name } = execution;
  const taskType = name === null ? undefined : findTaskType(name);
  if (name === null || !taskType) {
    const errorMessage = name === null ? 'The task config no longer exists' : `Unknown task type ${name}`;
    return { kind: 'refused', outcome: { status: 'failed', errorType: 'PermanentTaskError', errorMessage } };
  }
  return {
    kind: 'run',
    executionId: execution.id,
    configId: execution.configId,
    taskType: name,
    parameters: execution.parameters,
    maxRetries: execution.maxRetries,
    timeoutSeconds: execution.timeoutSeconds,
    priority: execution.priority,
    isShort: taskType.isShort,
    workflow: taskType.workflow,
    startedAt: execution.startedAt.toISOString(),
  };
}

/** As the row keeps it: the predecessor's shape, the return value wrapped, nothing for nothing. */
export function endOf(outcome: ExecutionOutcome): ExecutionEnd {
  return {
    status: outcome.status,
    endedAt: new Date(),
    result: outcome.result ? { return_value: outcome.result } : null,
    errorMessage: outcome.errorMessage,
    errorTraceback: outcome.errorTraceback,
  };
}

/** What a row that has ended says. */
export function outcomeOf(execution: TaskExecution): ExecutionOutcome {
  if (execution.status === 'running') throw new Error(`Execution ${execution.id} is still running`);
  return {
    status: execution.status,
    result: (execution.result?.['return_value'] as ExecutionOutcome['result']) ?? null,
    errorType: 'RecordedFailure',
    errorMessage: execution.errorMessage,
    errorTraceback: execution.errorTraceback,
  };
}

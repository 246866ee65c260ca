import { findTaskType } from '../tasks/registry';
import type { ExecutionOutcome, RunPlan } from './run-request';
import type { ExecutionEnd } from '../storage/executions/execution-ends';
import type { TaskExecution } from '../storage/executions/task-execution';

/** Nothing has failed: its owner deleted the config while the run was due. */
const CONFIG_GONE: ExecutionOutcome = {
  status: 'cancelled',
  errorType: 'ConfigDeleted',
  errorMessage: 'Its config was deleted before the run began',
};
const unknownType = (name: string): ExecutionOutcome => ({
  status: 'failed',
  errorType: 'PermanentTaskError',
  errorMessage: `Unknown task type ${name}`,
});

/**
 * The plan of a run, from its row; `refused` with the outcome of a run that cannot start. `earlier`: the run that was
 * reset, which the new one continues unless it had succeeded.
 */
export function planOf(
  execution: TaskExecution,
  earlier?: TaskExecution,
): RunPlan | { kind: 'refused'; outcome: ExecutionOutcome } {
  const { taskType: name } = execution;
  const taskType = name === null ? undefined : findTaskType(name);
  if (name === null || !taskType) {
    return { kind: 'refused', outcome: name === null ? CONFIG_GONE : unknownType(name) };
  }
  // Some tasks tell by the time when the work began what is done already.
  const isContinued = earlier !== undefined && earlier.status !== 'succeeded' && !taskType.isShort;
  return {
    kind: 'run',
    executionId: execution.id,
    configId: execution.configId,
    taskType: name,
    parameters: execution.parameters,
    maxRetries: execution.maxRetries,
    timeoutSeconds: execution.timeoutSeconds ?? taskType.defaultTimeoutSeconds ?? null,
    priority: execution.priority,
    isShort: taskType.isShort,
    workflow: taskType.workflow,
    startedAt: (isContinued ? earlier : execution).startedAt.toISOString(),
  };
}

/** The outcome in the row's form: the return value is wrapped, as the predecessor's API did; no result is null. */
export function endOf(outcome: ExecutionOutcome): ExecutionEnd {
  return {
    status: outcome.status,
    endedAt: new Date(),
    result: outcome.result ? { return_value: outcome.result } : null,
    errorMessage: outcome.errorMessage,
    errorTraceback: outcome.errorTraceback,
  };
}

/** The outcome of a row that has ended. */
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

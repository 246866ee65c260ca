import { findTaskType } from '../tasks/registry';
import type { ActivityDeps } from './activity-deps';
import type { JsonObject } from '../tasks/task-type';

/** What a run that did not succeed has achieved, if its task type can tell; null otherwise. */
export async function partialResult(
  { executions, services }: Pick<ActivityDeps, 'executions' | 'services'>,
  executionId: number,
): Promise<JsonObject | null> {
  const [row] = await executions.getMany([executionId]);
  const taskType = row?.status === 'running' && row.taskType !== null ? findTaskType(row.taskType) : undefined;
  if (!row || !taskType?.partialResult) return null;
  const { success: fits, data: parameters } = taskType.storedParameters.safeParse(row.parameters);
  return fits
    ? taskType.partialResult({ configId: row.configId, executionId, startedAt: row.startedAt, services }, parameters)
    : null;
}

import { setTimeout as sleep } from 'node:timers/promises';
import { fitParameters } from '../tasks/parameter-fit';
import { findTaskType } from '../tasks/registry';
import { PermanentTaskError, type JsonObject, type TaskContext } from '../tasks/task-type';
import type { TaskServices } from '../tasks/task-services';
import type { RunPlan } from './run-request';

/** A task that ignores its signal is abandoned after this time, so that a cancelled run is recorded within 5 s. */
const ABORT_GRACE_MS = 3_000;

export type AttemptContext = Pick<TaskContext, 'attempt' | 'signal' | 'cursor' | 'saveCursor' | 'log'>;

/** Reddit requests of the run count for its config and priority in the request budget. */
function servicesOf(services: TaskServices, { configId, priority }: RunPlan): TaskServices {
  return { ...services, reddit: services.reddit.scoped({ configId, priority }) };
}

/** Runs a task type once. Throws its error, or the signal's reason after an abort. */
export async function runAttempt(
  services: TaskServices,
  plan: RunPlan,
  context: AttemptContext,
): Promise<JsonObject | null> {
  const taskType = findTaskType(plan.taskType);
  if (!taskType) throw new PermanentTaskError(`Unknown task type ${plan.taskType}`);
  const parameters = fitParameters(taskType, plan.parameters);
  const { signal } = context;
  if (signal.aborted) throw signal.reason;

  const settled = new AbortController();
  const abandoned = new Promise<never>((_, reject) => {
    const onAbort = () =>
      void sleep(ABORT_GRACE_MS, undefined, { signal: settled.signal }).then(
        () => reject(signal.reason as Error),
        () => undefined,
      );
    signal.addEventListener('abort', onAbort, { once: true, signal: settled.signal });
  });
  try {
    const running = taskType.run(
      {
        ...context,
        configId: plan.configId,
        executionId: plan.executionId,
        startedAt: new Date(plan.startedAt),
        services: servicesOf(services, plan),
      },
      parameters,
    );
    return await Promise.race([running, abandoned]);
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    settled.abort();
  }
}

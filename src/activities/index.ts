import { createBatchActivities } from './batch-activities';
import { createExecutionActivities } from './execution-activities';
import { createResetMailActivities, type ResetMailDeps } from './reset-mail-activities';
import { createScrapeActivities, type ScrapeLimits } from './scrape-activities';
import type { OutagePatience } from './transient-waits';
import type { Logger } from '../platform/logger';
import type { ExecutionRepository } from '../storage/executions/execution-repository';
import type { ScrapeLaneRepository } from '../storage/reddit/scrape-lane-repository';
import type { StepAttemptRepository } from '../storage/executions/step-attempt-repository';
import type { TaskServices } from '../tasks/task-services';

export interface ActivityDeps extends ResetMailDeps {
  executions: ExecutionRepository;
  lanes: ScrapeLaneRepository;
  stepAttempts: StepAttemptRepository;
  services: TaskServices;
  log: Logger;
  /** Shown with each attempt. */
  workerIdentity: string;
  /** The pass that keeps PostgreSQL and Temporal together; answers its counts. */
  reconcile: () => Promise<object>;
  /** Where they are not what docs/adr/0012 says: smaller ones show in a test what large scrapes do. */
  scrapeLimits?: Partial<ScrapeLimits>;
  /** A shorter one shows in a test what ten minutes do. */
  outagePatience?: OutagePatience;
}

/** For the reconcile pass, which knows no task types. */
export { findConfigFault } from '../tasks/registry';

export type Activities = ReturnType<typeof createActivities>;

/** Everything that workflows may ask the outside world for. */
export function createActivities(deps: ActivityDeps) {
  return {
    ...createExecutionActivities(deps),
    ...createBatchActivities(deps),
    ...createResetMailActivities(deps),
    ...createScrapeActivities(deps),
    async reconcileStores(): Promise<object> {
      return deps.reconcile();
    },
  };
}

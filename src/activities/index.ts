import { createBatchActivities } from './batch-activities';
import { createExecutionActivities } from './execution-activities';
import { createResetMailActivities } from './reset-mail-activities';
import { createScrapeActivities } from './scrape-activities';
import type { ActivityDeps } from './activity-deps';

export type Activities = ReturnType<typeof createActivities>;

/** All activities that workflows may call. */
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

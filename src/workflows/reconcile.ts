import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities';

const { reconcileStores } = proxyActivities<Pick<Activities, 'reconcileStores'>>({
  startToCloseTimeout: '5m',
  // The next pass begins within a minute.
  retry: { maximumAttempts: 2 },
});

/** One reconcile pass over PostgreSQL and Temporal. Started by the schedule `taskloom-reconcile`. */
export async function reconcile(): Promise<object> {
  return reconcileStores();
}

import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities';

const { reconcileStores } = proxyActivities<Pick<Activities, 'reconcileStores'>>({
  startToCloseTimeout: '5m',
  // The next pass is a minute away.
  retry: { maximumAttempts: 2 },
});

/** One pass over both stores, as the schedule `taskloom-reconcile` asks for it. */
export async function reconcile(): Promise<object> {
  return reconcileStores();
}

import { proxyActivities } from '@temporalio/workflow';

const { nothing } = proxyActivities<{ nothing(): Promise<void> }>({ startToCloseTimeout: '1m' });

/** The yardstick: one empty activity, and nothing else. */
export async function bare(): Promise<void> {
  await nothing();
}

import { proxyActivities } from '@temporalio/workflow';

const { nothing } = proxyActivities<{ nothing(): Promise<void> }>({ startToCloseTimeout: '1m' });

/** The baseline: a workflow of one empty activity. */
export async function bare(): Promise<void> {
  await nothing();
}

import { existsSync } from 'node:fs';
import path from 'node:path';
import { Worker, type NativeConnection } from '@temporalio/worker';
import { createActivities } from '../activities';
import type { ActivityDeps } from '../activities/activity-deps';

/** Written by build-workflow-bundle.ts. With it, a worker starts in a third of the time. */
export const WORKFLOW_BUNDLE = path.resolve(__dirname, '../../workflow-bundle.js');

export interface WorkerLimits {
  maxActivities: number;
  maxWorkflowTasks: number;
  shutdownGraceSeconds: number;
}

/** docs/performance.md has the measurements behind these settings. */
export async function createWorker(options: {
  connection: NativeConnection;
  namespace: string;
  taskQueue: string;
  limits: WorkerLimits;
  activities: ActivityDeps;
}): Promise<Worker> {
  const { limits } = options;
  return Worker.create({
    connection: options.connection,
    namespace: options.namespace,
    taskQueue: options.taskQueue,
    identity: options.activities.workerIdentity,
    activities: createActivities(options.activities),
    ...(existsSync(WORKFLOW_BUNDLE)
      ? { workflowBundle: { codePath: WORKFLOW_BUNDLE } }
      : { workflowsPath: require.resolve('../workflows') }),
    maxConcurrentActivityTaskExecutions: limits.maxActivities,
    maxConcurrentLocalActivityExecutions: limits.maxActivities,
    maxConcurrentWorkflowTaskExecutions: limits.maxWorkflowTasks,
    shutdownGraceTime: limits.shutdownGraceSeconds * 1_000,
    // At most half a second late: heartbeats announce a cancellation and carry the cursor for the next attempt.
    maxHeartbeatThrottleInterval: 500,
    defaultHeartbeatThrottleInterval: 500,
  });
}

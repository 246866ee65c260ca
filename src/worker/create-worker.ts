import { existsSync } from 'node:fs';
import path from 'node:path';
import { Worker, type NativeConnection } from '@temporalio/worker';
import { createActivities, type ActivityDeps } from '../activities';

/** Written by build-workflow-bundle.ts; a worker with it starts in a third of the time. */
export const WORKFLOW_BUNDLE = path.resolve(__dirname, '../../workflow-bundle.js');

export interface WorkerLimits {
  maxActivities: number;
  maxWorkflowTasks: number;
  shutdownGraceSeconds: number;
}

/** docs/performance.md has the measurements behind these figures. */
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
    // Heartbeats tell an activity that it was cancelled and carry the cursor that a retry goes on from: at most this much behind.
    maxHeartbeatThrottleInterval: 500,
    defaultHeartbeatThrottleInterval: 500,
  });
}

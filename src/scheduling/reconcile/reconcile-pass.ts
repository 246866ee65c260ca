import { createConfigReconciler, type ConfigReconcilerDeps, type ConfigRepairs } from './reconcile-configs';
import { createExecutionReconciler, type ExecutionReconcilerDeps, type ExecutionRepairs } from './reconcile-executions';
import { createScheduleReconciler, type ScheduleReconcilerDeps, type ScheduleRepairs } from './reconcile-schedules';

export type ReconcileReport = ConfigRepairs & ScheduleRepairs & ExecutionRepairs;

/** Younger changes are left alone: the process that made them may still be applying them. */
const GRACE_MS = 10_000;

/** Repairs what a crash left different between PostgreSQL and Temporal. Idempotent, and safe at any time. */
export function createReconcilePass({
  graceMs = GRACE_MS,
  ...deps
}: ConfigReconcilerDeps &
  Omit<ScheduleReconcilerDeps, 'graceMs'> &
  Omit<ExecutionReconcilerDeps, 'graceMs'> & { graceMs?: number }) {
  const reconcileConfigs = createConfigReconciler(deps);
  const reconcileSchedules = createScheduleReconciler({ ...deps, graceMs });
  const reconcileExecutions = createExecutionReconciler({ ...deps, graceMs });
  return {
    async run(): Promise<ReconcileReport> {
      return { ...(await reconcileConfigs()), ...(await reconcileSchedules()), ...(await reconcileExecutions()) };
    },
  };
}

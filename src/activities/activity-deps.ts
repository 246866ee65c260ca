import type { ResetMailDeps } from './reset-mail-activities';
import type { ScrapeLimits } from './scrape-limits';
import type { OutagePatience } from './transient-waits';
import type { Logger } from '../platform/logger';
import type { RunSignatures } from '../platform/run-signatures';
import type { TellScheduledRun } from '../storage/executions/scheduled-run-repository';
import type { ExecutionRepository } from '../storage/executions/execution-repository';
import type { ScrapeLaneRepository } from '../storage/reddit/scrape-lane-repository';
import type { StepAttemptRepository } from '../storage/executions/step-attempt-repository';
import type { TaskServices } from '../tasks/task-services';

/** Everything that activities need. The worker builds it once (worker/create-activity-deps.ts). */
export interface ActivityDeps extends ResetMailDeps {
  executions: ExecutionRepository;
  lanes: ScrapeLaneRepository;
  stepAttempts: StepAttemptRepository;
  services: TaskServices;
  /** Undefined if JWT_SECRET_KEY is not set: then no run counts as asked for by a user. */
  signatures: RunSignatures | undefined;
  /** What made a schedule start a run: its rule, or somebody in Temporal. */
  tellScheduledRun: TellScheduledRun;
  /** Called when a run that a schedule started has ended. */
  endSpentSchedule: (configId: number, dueAt: Date) => Promise<void>;
  log: Logger;
  /** Stored with each attempt. */
  workerIdentity: string;
  /** One reconcile pass over PostgreSQL and Temporal; returns its counts. */
  reconcile: () => Promise<object>;
  /** Tests set smaller limits to see the behaviour of large scrapes. Default: `SCRAPE_LIMITS`. */
  scrapeLimits?: Partial<ScrapeLimits>;
  /** Tests set a shorter patience. Default: `OUTAGE_PATIENCE`. */
  outagePatience?: OutagePatience;
}

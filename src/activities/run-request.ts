import type { FinalStatus, TriggeredBy } from '../storage/executions/task-execution';
import type { LaneProgress } from '../tasks/reddit-scrape/scrape-progress';
import type { JsonObject } from '../tasks/task-type';

/** What a `runTask` workflow is asked to do. What is left out comes from the config when the run begins. */
export interface RunRequest {
  configId: number | null;
  /** Needed when there is no config: an ad-hoc run, or the retry of a run whose config is gone. */
  taskType?: string;
  parameters?: JsonObject;
  maxRetries?: number;
  timeoutSeconds?: number | null;
  priority?: number;
  triggeredBy: TriggeredBy;
  /** The user who asked. */
  requestedBy?: number;
  /** The execution that this one repeats. */
  retryOf?: number;
  /** When its schedule meant it to begin, before any jitter; ISO 8601. The workflow fills it in. */
  scheduledAt?: string;
}

/** What a `runBatch` workflow is asked to do: run n has the task id `<workflow id>-<n>`, n from 1, and config `configIds[n-1]`. */
export interface BatchRequest {
  configIds: number[];
  requestedBy?: number;
}

/** How a run ended. */
export interface ExecutionOutcome {
  status: FinalStatus;
  result?: JsonObject | null;
  errorType?: string;
  errorMessage?: string | null;
  errorTraceback?: string | null;
}

/** Decided once, by beginExecution, and kept in the workflow's history: later edits never disturb a run in flight. */
export interface RunPlan {
  kind: 'run';
  executionId: number;
  configId: number | null;
  taskType: string;
  parameters: JsonObject;
  maxRetries: number;
  timeoutSeconds: number | null;
  /** Absent in the plan of a run that an older worker began. */
  priority?: number;
  isShort: boolean;
  /** The workflow that does the work, for a task type that names one. */
  workflow?: string;
  /** ISO 8601. */
  startedAt: string;
}

export type BegunExecution =
  | RunPlan
  | { kind: 'ended'; executionId: number; outcome: ExecutionOutcome }
  /** An attempt of a short task failed, and another is due. `isLast`: the run's time will be up by then. */
  | { kind: 'again'; executionId: number; waitMs: number; isLast: boolean; timeoutSeconds: number | null };

export interface BatchRun {
  /** 1 for the batch's first. */
  n: number;
  executionId: number;
}

/** What beginBatch did and left to do. */
export interface BegunBatch {
  /** Rows of short tasks, still to be run, in slices of one activity each. */
  slices: BatchRun[][];
  /** Runs that get a workflow of their own. */
  children: {
    n: number;
    workflowId: string;
    configId: number;
    configName: string;
    taskType: string;
    priority: number;
  }[];
}

export interface BatchSummary {
  total: number;
  succeeded: number;
  failed: number;
}

/** What a task type's own workflow is asked to do; everything else is in the execution's row. */
export interface OwnWork {
  executionId: number;
}

export interface BegunScrape {
  subreddits: LaneProgress[];
  subredditsAtOnce: number;
  slicesPerHistory: number;
}

/** What the query `progress` answers. */
export interface ScrapeProgress {
  phase: 'starting' | 'scraping' | 'finishing';
  subreddits: LaneProgress[];
  /** ISO 8601. */
  updatedAt: string;
}

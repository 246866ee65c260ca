import type { FinalStatus, TriggeredBy } from '../storage/executions/task-execution';
import type { LaneProgress } from '../tasks/reddit-scrape/scrape-progress';
import type { JsonObject } from '../tasks/task-type';

/** The argument of `runTask`. Omitted fields come from the config when the run begins. */
export interface RunRequest {
  configId: number | null;
  /** Required without a config: for an ad-hoc run, or the retry of a run whose config was deleted. */
  taskType?: string;
  parameters?: JsonObject;
  maxRetries?: number;
  timeoutSeconds?: number | null;
  priority?: number;
  triggeredBy: TriggeredBy;
  /** The id of the user who started the run. */
  requestedBy?: number;
  /** The id of the execution that this one repeats. */
  retryOf?: number;
  /** By the API, over the workflow's id and the rest of the request: without it, nobody counts as having asked. */
  signature?: string;
}

/** How Temporal began a run, as the workflow reads it from its own info. */
export interface RunStart {
  /** Another than the present run's after a reset. */
  firstRunId: string;
  /** When Temporal began the first run; ISO 8601. */
  startedAt: string;
  /** By another workflow: a batch. */
  isChild: boolean;
  /** The schedule that started it, and the time of its rule, before any jitter; ISO 8601. */
  scheduleId?: string;
  scheduledAt?: string;
  /** From the search attributes and the memo: what is known when the input is wrong, or the config gone. */
  configId?: number;
  configName?: string;
}

/** The argument of `runBatch`. Run n (from 1) has the task id `<workflow id>-<n>` and the config `configIds[n-1]`. */
export interface BatchRequest {
  configIds: number[];
  requestedBy?: number;
  /** As in RunRequest. */
  signature?: string;
}

/** How a run ended. */
export interface ExecutionOutcome {
  status: FinalStatus;
  result?: JsonObject | null;
  errorType?: string;
  errorMessage?: string | null;
  errorTraceback?: string | null;
}

/**
 * Decided once, by beginExecution, and kept in the workflow's history: later edits of the config do not affect the run.
 */
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
  /** The child workflow that does the work, for a task type that names one. */
  workflow?: string;
  /** ISO 8601. */
  startedAt: string;
}

export type BegunExecution =
  | RunPlan
  | { kind: 'ended'; executionId: number; outcome: ExecutionOutcome }
  /** An attempt of a short task failed, and another is due. `isLast`: the run's time limit comes first. */
  | { kind: 'again'; executionId: number; waitMs: number; isLast: boolean; timeoutSeconds: number | null };

export interface BatchRun {
  /** 1 for the batch's first. */
  n: number;
  executionId: number;
}

/** What is left to do after beginBatch. */
export interface BegunBatch {
  /** Rows of short tasks to run; one activity for each slice. */
  slices: BatchRun[][];
  /** Runs that need a child workflow. */
  children: {
    n: number;
    workflowId: string;
    configId: number;
    configName: string;
    taskType: string;
    /** Shown in the Temporal Web UI. Absent in histories of versions that did not cut it to Temporal's limit. */
    summary?: string;
    priority: number;
    /** Signed. Absent in histories of versions without signatures. */
    request?: RunRequest;
  }[];
}

export interface BatchSummary {
  total: number;
  succeeded: number;
  failed: number;
}

/** The argument of the child workflow that a task type names; everything else is in the execution's row. */
export interface ChildWorkflowRequest {
  executionId: number;
}

export interface BegunScrape {
  subreddits: LaneProgress[];
  /** How many subreddits are scraped concurrently. */
  subredditsAtOnce: number;
  /** The number of slices after which the workflow continues as new. */
  slicesPerHistory: number;
}

/** The answer of the query `progress`. */
export interface ScrapeProgress {
  phase: 'starting' | 'scraping' | 'finishing';
  subreddits: LaneProgress[];
  /** ISO 8601. */
  updatedAt: string;
}

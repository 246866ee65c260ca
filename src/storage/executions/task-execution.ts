import { BaseModel } from '../sql/base-model';
import type { TriggeredBy } from '../../shared/triggers';

export type { TriggeredBy };

export const EXECUTION_STATUSES = ['running', 'succeeded', 'failed', 'cancelled', 'terminated', 'timed_out'] as const;
export type ExecutionStatus = (typeof EXECUTION_STATUSES)[number];
export type FinalStatus = Exclude<ExecutionStatus, 'running'>;

/** One run of a config or task type. */
export class TaskExecution extends BaseModel {
  static override tableName = 'task_executions';
  static override get jsonAttributes() {
    return ['parameters', 'result'];
  }

  declare id: number;
  /** What the API handed out at the start: the workflow id, or `<workflow id>-<n>` for a run inside a batch. */
  declare taskId: string;
  declare configId: number | null;
  /** The config's name when the run began: a deleted config's runs keep it. */
  declare configName: string | null;
  declare taskType: string | null;
  declare status: ExecutionStatus;
  declare isSuccess: boolean;
  declare triggeredBy: TriggeredBy;
  declare requestedBy: number | null;
  declare retryOf: number | null;
  declare parameters: Record<string, unknown>;
  declare maxRetries: number;
  declare timeoutSeconds: number | null;
  declare priority: number;
  declare workflowId: string;
  declare runId: string;
  declare batchIndex: number;
  /** The newest attempt's number. */
  declare attempt: number;
  declare cancelRequestedAt: Date | null;
  /** When its schedule meant it to begin; null where no schedule did. */
  declare scheduledAt: Date | null;
  declare startedAt: Date;
  declare completedAt: Date | null;
  declare durationSeconds: number | null;
  declare result: Record<string, unknown> | null;
  declare errorMessage: string | null;
  declare errorTraceback: string | null;
  declare createdAt: Date;
}

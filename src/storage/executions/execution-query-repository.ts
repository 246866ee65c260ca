import { createExecutionTotals } from './execution-totals';
import { decodeCursor, encodeCursor, pageOf } from '../sql/page-cursor';
import { BadCursorError } from '../storage-errors';
import { prepare, type InstantText } from '../sql/prepared-statement';
import { rows } from '../sql/rows';
import type { Database } from '../../platform/postgres/postgres';
import type { ExecutionStatus, TriggeredBy } from './task-execution';

/** A run with its config's name and the newest run that repeats it. */
export interface ExecutionView {
  id: number;
  taskId: string;
  configId: number | null;
  configName: string | null;
  taskType: string | null;
  status: ExecutionStatus;
  isSuccess: boolean;
  triggeredBy: TriggeredBy;
  retryOf: number | null;
  retriedBy: number | null;
  parameters: Record<string, unknown>;
  maxRetries: number;
  timeoutSeconds: number | null;
  priority: number;
  workflowId: string;
  runId: string;
  attempt: number;
  scheduledAt: InstantText | null;
  startedAt: InstantText;
  completedAt: InstantText | null;
  durationSeconds: number | null;
  result: Record<string, unknown> | null;
  errorMessage: string | null;
  errorTraceback: string | null;
  createdAt: InstantText;
}

/** As lists show it. What a list does not ask for is null. */
export type ExecutionListItem = Omit<ExecutionView, 'parameters'>;

export interface AttemptView {
  attempt: number;
  outcome: string;
  worker: string;
  startedAt: Date;
  endedAt: Date | null;
  failure: Record<string, unknown> | null;
}

export interface ExecutionFilter {
  configId?: number;
  startedSince?: Date;
  /** Empty: every status. */
  statuses: ExecutionStatus[];
  limit: number;
  /** The columns that may be large and that the list shows. */
  shown: { result?: true; errorTraceback?: true };
  /** The end of the previous page. */
  cursor?: string;
}

const LAST_INTEGER = 2_147_483_647;
const LIST_COLUMNS = `
  e.id, e.task_id as "taskId", e.config_id as "configId", coalesce(c.name, e.config_name) as "configName",
  coalesce(e.task_type, c.task_type) as "taskType",
  e.status, e.is_success as "isSuccess", e.triggered_by as "triggeredBy", e.retry_of as "retryOf",
  (select max(r.id) from task_executions r where r.retry_of = e.id) as "retriedBy",
  e.max_retries as "maxRetries", e.timeout_seconds as "timeoutSeconds", e.priority,
  e.workflow_id as "workflowId", e.run_id as "runId", e.attempt, e.scheduled_at as "scheduledAt",
  e.started_at as "startedAt", e.completed_at as "completedAt", e.duration_seconds as "durationSeconds",
  e.error_message as "errorMessage", e.created_at as "createdAt"`;
const COLUMNS = `${LIST_COLUMNS}, e.parameters, e.result, e.error_traceback as "errorTraceback"`;
const writeCursor = (last: ExecutionListItem) => encodeCursor(`e:${last.startedAt}:${last.id}`);

/** False also for a date that does not exist (30 February), and for the year 0, which PostgreSQL does not have. */
function isInstant(key: string): boolean {
  const date = new Date(key);
  return (
    !Number.isNaN(date.getTime()) && date.getUTCFullYear() > 0 && date.toISOString().slice(0, 19) === key.slice(0, 19)
  );
}

function readCursor(cursor: string): { startedAtKey: string; id: number } {
  const { 1: startedAtKey = '', 2: digits } = decodeCursor(
    /^e:(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z):(\d{1,10})$/,
    cursor,
  );
  const id = Number(digits);
  if (!isInstant(startedAtKey) || id > LAST_INTEGER) throw new BadCursorError(cursor);
  return { startedAtKey, id };
}

const SOURCE = 'task_executions e left join task_configs c on c.id = e.config_id';

export type ExecutionQueryRepository = ReturnType<typeof createExecutionQueryRepository>;

/** The read side of executions. */
export function createExecutionQueryRepository(database: Database) {
  return {
    ...createExecutionTotals(database),

    /** Newest first. */
    async list(filter: ExecutionFilter): Promise<{ items: ExecutionListItem[]; nextCursor: string | null }> {
      const { shown } = filter;
      const before = filter.cursor === undefined ? undefined : readCursor(filter.cursor);
      const conditions = [
        filter.configId === undefined ? [] : ['e.config_id = :configId'],
        filter.startedSince === undefined ? [] : ['e.started_at >= :startedSince'],
        filter.statuses.length === 0 ? [] : ['e.status = any(:statuses)'],
        before === undefined ? [] : ['(e.started_at, e.id) < (cast(:beforeKey as timestamptz), :beforeId)'],
      ].flat();
      const sql = `
        select ${LIST_COLUMNS}, ${shown.result ? 'e.result' : 'null as result'},
          ${shown.errorTraceback ? 'e.error_traceback' : 'null'} as "errorTraceback"
        from ${SOURCE} where ${['true', ...conditions].join(' and ')}
        order by e.started_at desc, e.id desc limit :limit`;
      const shape = [
        filter.configId,
        filter.startedSince,
        filter.statuses[0],
        before,
        shown.result,
        shown.errorTraceback,
      ]
        .map((part) => (part === undefined ? 0 : 1))
        .join('');
      const query = prepare<ExecutionListItem>(database, `executions-${shape}`, sql);
      const found = await query({
        configId: filter.configId,
        startedSince: filter.startedSince,
        statuses: filter.statuses,
        beforeKey: before?.startedAtKey,
        beforeId: before?.id,
        limit: filter.limit + 1,
      });
      return pageOf(found, filter.limit, writeCursor);
    },

    /** Digits are the id of a row. Anything else is a task id; its newest row is returned. */
    async find(idOrTaskId: string): Promise<ExecutionView | undefined> {
      const isId = /^\d+$/.test(idOrTaskId);
      if (isId && Number(idOrTaskId) > LAST_INTEGER) return undefined;
      const condition = isId ? 'e.id = cast(:key as int)' : 'e.task_id = :key';
      const sql = `select ${COLUMNS} from ${SOURCE} where ${condition} order by e.id desc limit 1`;
      const query = prepare<ExecutionView>(database, isId ? 'execution-by-id' : 'execution-by-task-id', sql);
      const [row] = await query({ key: idOrTaskId });
      return row;
    },

    async listAttempts(executionId: number): Promise<AttemptView[]> {
      return rows<AttemptView>(
        database,
        `select attempt, outcome, worker, started_at as "startedAt", ended_at as "endedAt", failure
         from task_attempts where execution_id = :executionId order by attempt`,
        { executionId },
      );
    },

    /** How long the newest successful runs of a config took, in seconds. */
    async recentDurations(configId: number, runs = 10): Promise<number[]> {
      const found = await rows<{ seconds: number }>(
        database,
        `select duration_seconds as seconds from task_executions
         where config_id = :configId and status = 'succeeded' and duration_seconds is not null
         order by started_at desc, id desc limit :runs`,
        { configId, runs },
      );
      return found.map((row) => row.seconds);
    },

    /** The same of a task type, whatever the config. */
    async recentDurationsOfType(taskType: string, runs: number): Promise<number[]> {
      const found = await rows<{ seconds: number }>(
        database,
        `select duration_seconds as seconds from task_executions
         where task_type = :taskType and status = 'succeeded' and duration_seconds is not null
         order by started_at desc limit :runs`,
        { taskType, runs },
      );
      return found.map((row) => row.seconds);
    },
  };
}

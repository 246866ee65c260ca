import { TaskExecution, type TriggeredBy } from './task-execution';
import { rows, type Bindings } from '../sql/rows';
import { toJson } from '../sql/storable-json';
import type { Database } from '../../platform/postgres/postgres';

export interface NewExecution {
  taskId: string;
  workflowId: string;
  runId: string;
  /** Of a run inside a batch, counted from 1. */
  batchIndex?: number;
  configId: number | null;
  /** For a config that is gone already. */
  configName?: string;
  /** These override the config's, and are required where there is no config. */
  taskType?: string;
  parameters?: Record<string, unknown>;
  maxRetries?: number;
  timeoutSeconds?: number | null;
  priority?: number;
  triggeredBy: TriggeredBy;
  requestedBy?: number;
  retryOf?: number;
  /** The time that its schedule meant it to begin at. */
  scheduledAt?: Date | null;
  startedAt: Date;
}

// The config is joined to one constant row, so that there is a row to insert when the config is gone.
const INSERT = `
  with config as (select * from (select 1) as always left join task_configs on id = :configId)
  insert into task_executions (
    task_id, workflow_id, run_id, batch_index, config_id, config_name, task_type, parameters, max_retries,
    timeout_seconds, priority,
    status, triggered_by, requested_by,
    retry_of, scheduled_at, started_at
  )
  select
    :taskId, :workflowId, :runId, :batchIndex, id, coalesce(name, :configName), coalesce(:taskType, task_type),
    coalesce(:parameters::jsonb, parameters, '{}'), coalesce(:maxRetries, max_retries, 0),
    case when :hasTimeout then :timeoutSeconds::int else timeout_seconds end, coalesce(:priority, priority, 5),
    'running', :triggeredBy, (select id from users where id = :requestedBy),
    (select id from task_executions where id = :retryOf), :scheduledAt::timestamptz, :startedAt
  from config
  on conflict (workflow_id, run_id, batch_index) do update set task_id = excluded.task_id
  returning *`;

const LEFT_OPEN = {
  batchIndex: 0,
  configName: null,
  taskType: null,
  maxRetries: null,
  priority: null,
  requestedBy: null,
  retryOf: null,
  scheduledAt: null,
};

const withoutUndefined = (given: Bindings): Bindings =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));

export function createExecutionBegin(database: Database) {
  const executions = TaskExecution.bindKnex(database);

  return {
    /**
     * Inserts the row of a run that begins. What the request leaves open of its plan comes from the config. A repeated
     * call returns the existing row. `taskType` is null when neither the config nor the request names one.
     */
    async begin(execution: NewExecution): Promise<TaskExecution> {
      const { parameters, timeoutSeconds, ...given } = execution;
      const [row] = await rows<Record<string, unknown>>(database, INSERT, {
        ...LEFT_OPEN,
        ...withoutUndefined(given),
        parameters: toJson(parameters),
        hasTimeout: timeoutSeconds !== undefined,
        timeoutSeconds: timeoutSeconds ?? null,
      });
      return executions.fromDatabaseJson(row ?? {});
    },
  };
}

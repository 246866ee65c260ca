import { rows } from '../sql/rows';
import { toJson, toText } from '../sql/storable-json';
import type { Database } from '../../platform/postgres/postgres';
import type { FinalStatus } from './task-execution';

export interface ExecutionEnd {
  status: FinalStatus;
  endedAt: Date;
  result?: Record<string, unknown> | null;
  errorMessage?: string | null;
  errorTraceback?: string | null;
}

const END = `
  with wanted as (
    select * from jsonb_to_recordset(:ends::jsonb)
      as w(id int, status text, ended_at timestamptz, result jsonb, error_message text, error_traceback text)
  ),
  ended as (
    update task_executions e set
      status = w.status, completed_at = w.ended_at, result = w.result,
      error_message = w.error_message, error_traceback = w.error_traceback,
      duration_seconds = greatest(0, round(extract(epoch from w.ended_at - e.started_at), 3))
    from wanted w where e.id = w.id and e.status = 'running' returning e.id
  ),
  closed as (
    update task_attempts a set outcome = w.status, ended_at = w.ended_at
    from wanted w join ended on ended.id = w.id where a.execution_id = w.id and a.outcome = 'running'
  )
  select id from ended`;

export function createExecutionEnds(database: Database) {
  /**
   * Ends runs and their open attempts. Returns the ids of those that were still running; the others stay as they are.
   */
  async function endMany(ends: ({ executionId: number } & ExecutionEnd)[]): Promise<number[]> {
    const wanted = ends.map((end) => ({
      id: end.executionId,
      status: end.status,
      ended_at: end.endedAt,
      result: end.result ?? null,
      error_message: toText(end.errorMessage),
      error_traceback: toText(end.errorTraceback),
    }));
    return (await rows<{ id: number }>(database, END, { ends: toJson(wanted) })).map((row) => row.id);
  }

  return {
    endMany,

    /** False when the run had ended before. */
    async end(executionId: number, end: ExecutionEnd): Promise<boolean> {
      return (await endMany([{ executionId, ...end }])).length > 0;
    },
  };
}

import { createExecutionBegin } from './execution-begin';
import { createExecutionEnds } from './execution-ends';
import { TaskExecution } from './task-execution';
import { rows } from '../sql/rows';
import type { Database } from '../../platform/postgres/postgres';
import type { WorkflowRun } from './workflow-run';

/** What an unfinished run leaves to the run that continues it, besides its heartbeat. */
const CARRIED_OVER = [
  // The copies of a mail that were sent are not sent again.
  { table: 'mail_deliveries', columns: 'recipient, state, message_id, response, updated_at' },
  { table: 'reddit_scrape_lanes', columns: 'position, state, version, updated_at' },
  { table: 'reddit_scrape_posts', columns: 'post_id, position, page' },
  {
    table: 'reddit_deletion_syncs',
    columns: 'checked, deleted, removed, restored, unreadable, requests, withheld, edited',
  },
  { table: 'reddit_withheld_subreddits', columns: 'subreddit, reason, items' },
];

/** Runs that a reset in Temporal began: the workflow's id stays, its run id is a new one. */
export function createExecutionResets(database: Database) {
  const executions = TaskExecution.bindKnex(database);

  async function carryOver(transaction: Database, from: number, to: number, worker: string): Promise<void> {
    for (const { table, columns } of CARRIED_OVER)
      await rows(
        transaction,
        `insert into ${table} (execution_id, ${columns}) select :to, ${columns} from ${table}
         where execution_id = :from on conflict do nothing`,
        { from, to },
      );
    // A step that is still at work for the old run can save no more.
    await rows(transaction, 'update reddit_scrape_lanes set version = version + 1 where execution_id = :from', {
      from,
    });
    await rows(
      transaction,
      `insert into task_attempts (execution_id, attempt, worker, started_at)
       select :to, 1, :worker, now() where exists (select 1 from reddit_scrape_lanes where execution_id = :to)
       on conflict do nothing`,
      { to, worker },
    );
  }

  return {
    /** The newest row of the workflow under another run id; in a batch, of its n-th run. */
    async findEarlier({ workflowId, runId }: WorkflowRun, batchIndex?: number): Promise<TaskExecution | undefined> {
      return executions
        .query()
        .where({ workflow_id: workflowId, ...(batchIndex === undefined ? {} : { batch_index: batchIndex }) })
        .whereNot('run_id', runId)
        .orderBy('id', 'desc')
        .first();
    },

    /** The row of a workflow's run. */
    async findOfRun({ workflowId, runId }: WorkflowRun, batchIndex = 0): Promise<TaskExecution | undefined> {
      return executions.query().findOne({ workflow_id: workflowId, run_id: runId, batch_index: batchIndex });
    },

    /**
     * The row of a run that a reset began, with the plan of the run that was reset. Inserts it, once. A run that had
     * not succeeded hands its state over, so that the new one continues where it was. A run of the workflow that was
     * running ends: Temporal has terminated it.
     */
    async continueReset(
      run: WorkflowRun,
      earlier: TaskExecution,
      { worker, at = new Date() }: { worker: string; at?: Date },
    ): Promise<TaskExecution> {
      return database.transaction(async (transaction) => {
        // Concurrent steps of the run take turns.
        await transaction('task_executions').where({ id: earlier.id }).forUpdate().select('id');
        const known = await TaskExecution.bindKnex(transaction).query().findOne({
          workflow_id: run.workflowId,
          run_id: run.runId,
          batch_index: earlier.batchIndex,
        });
        if (known) return known;
        const row = await createExecutionBegin(transaction).begin({
          ...run,
          taskId: earlier.taskId,
          batchIndex: earlier.batchIndex,
          configId: earlier.configId,
          configName: earlier.configName ?? undefined,
          taskType: earlier.taskType ?? undefined,
          parameters: earlier.parameters,
          maxRetries: earlier.maxRetries,
          timeoutSeconds: earlier.timeoutSeconds,
          priority: earlier.priority,
          triggeredBy: 'reset',
          retryOf: earlier.id,
          scheduledAt: earlier.scheduledAt,
          startedAt: at,
        });
        const running = await rows<{ executionId: number }>(
          transaction,
          `select id as "executionId" from task_executions
           where workflow_id = :workflowId and batch_index = :batchIndex and status = 'running' and id <> :id`,
          { workflowId: run.workflowId, batchIndex: earlier.batchIndex, id: row.id },
        );
        const errorMessage = `Reset in Temporal: execution ${row.id} continues it`;
        const terminated = { status: 'terminated' as const, endedAt: at, errorMessage };
        await createExecutionEnds(transaction).endMany(running.map((other) => ({ ...other, ...terminated })));
        if (earlier.status !== 'succeeded') await carryOver(transaction, earlier.id, row.id, worker);
        return row;
      });
    },

    /** The newest run that resets have made of this one; itself where there was none. */
    async followResets(executionId: number): Promise<number> {
      const [newest] = await rows<{ id: number }>(
        database,
        `with recursive chain as (
           select id, workflow_id from task_executions where id = :executionId
           union
           select e.id, e.workflow_id from task_executions e
             join chain c on e.retry_of = c.id and e.workflow_id = c.workflow_id and e.triggered_by = 'reset'
         )
         select max(id) as id from chain`,
        { executionId },
      );
      return newest?.id ?? executionId;
    },
  };
}

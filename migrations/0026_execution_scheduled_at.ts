import type { Knex } from 'knex';

/** When the schedule meant a run to begin: how late it was is started_at less this. Null for what no schedule started. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('alter table task_executions add column scheduled_at timestamptz');
}

export const down = undefined;

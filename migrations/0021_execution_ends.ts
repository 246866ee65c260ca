import type { Knex } from 'knex';

/** The metrics count what has ended since they were last asked. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(
    'create index task_executions_completed on task_executions (completed_at) where completed_at is not null',
  );
}

export const down = undefined;

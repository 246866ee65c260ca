import type { Knex } from 'knex';

/** How long runs of a type take is told from the newest ones. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(
    "create index task_executions_type_succeeded on task_executions (task_type, started_at desc) where status = 'succeeded'",
  );
}

export const down = undefined;

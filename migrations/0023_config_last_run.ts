import type { Knex } from 'knex';

/** The newest finished run of a config, without reading the others. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(
    "create index task_executions_config_created on task_executions (config_id, created_at desc, id desc) where status <> 'running'",
  );
}

export const down = undefined;

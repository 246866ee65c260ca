import type { Knex } from 'knex';

const TRIGGERS = ['schedule', 'manual', 'by_type', 'batch', 'retry', 'reset', 'backfill', 'temporal'];

export async function up(knex: Knex): Promise<void> {
  // A run keeps the name of its config when the config is deleted.
  await knex.schema.alterTable('task_executions', (table) => {
    table.string('config_name', 200);
  });
  // No sum over runs changes, so the triggers that keep the sums have nothing to do.
  await knex.raw('alter table task_executions disable trigger user');
  await knex.raw('update task_executions e set config_name = c.name from task_configs c where c.id = e.config_id');
  await knex.raw(`update task_executions set triggered_by = 'temporal' where triggered_by <> all(?::text[])`, [
    TRIGGERS,
  ]);
  await knex.raw('alter table task_executions enable trigger user');
  await knex.raw(
    `alter table task_executions add constraint task_executions_triggered_by_check
     check (triggered_by in (${TRIGGERS.map((trigger) => `'${trigger}'`).join(', ')}))`,
  );
}

export const down = undefined;

import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable('task_configs', (table) => {
    // Runs start up to this much later than their schedule says, while many schedules share its times.
    table.integer('stagger_seconds').notNullable().defaultTo(0);
    table.timestamp('staggered_until');
  });
}

export const down = undefined;

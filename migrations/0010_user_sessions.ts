import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable('users', (table) => {
    table.integer('session_version').notNullable().defaultTo(1);
  });
}

export const down = undefined;

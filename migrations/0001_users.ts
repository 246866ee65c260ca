import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('users', (table) => {
    table.increments('id');
    table.string('email').notNullable().unique();
    table.string('username', 50).notNullable().unique();
    table.string('hashed_password').notNullable();
    table.string('full_name').index();
    table.integer('age');
    table.boolean('is_active').notNullable().defaultTo(true);
    table.boolean('is_superuser').notNullable().defaultTo(false);
    table.timestamps(true, true);
  });
}

export const down = undefined;

import type { Knex } from 'knex';

/**
 * Names and addresses that differ by case only are the same from now on. Of those that are there already, the oldest keeps
 * the spelling for itself; the others are marked, stay as they are, and are found by their exact spelling alone.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable('users', (table) => {
    table.boolean('is_username_shared').notNullable().defaultTo(false);
    table.boolean('is_email_shared').notNullable().defaultTo(false);
  });
  for (const column of ['username', 'email']) {
    await knex.raw(
      `update users set is_${column}_shared = true where exists (select from users older where lower(older.${column}) = lower(users.${column}) and older.id < users.id)`,
    );
    await knex.raw(
      `create unique index users_${column}_lower_unique on users (lower(${column})) where not is_${column}_shared`,
    );
  }
}

export const down = undefined;

import type { Knex } from 'knex';

/**
 * The role is the truth. `is_superuser` follows from it, as a column because lists sort by it, and because an API of the
 * version before still reads it while it is being replaced.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable('users', (table) => {
    table.string('role', 20).checkIn(['viewer', 'operator', 'admin'], 'users_role_check');
  });
  await knex('users').where({ is_superuser: true }).update({ role: 'admin' });
  await knex.raw(
    "alter table users drop column is_superuser, add column is_superuser boolean not null generated always as (coalesce(role = 'admin', false)) stored",
  );
}

export const down = undefined;

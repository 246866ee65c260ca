import type { Knex } from 'knex';

/** The prefix names a key to people and is not unique; the hash finds it. */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('api_keys', (table) => {
    table.increments('id');
    table.integer('user_id').notNullable().references('users.id').onDelete('CASCADE');
    table.string('name', 100).notNullable();
    table.string('prefix', 12).notNullable();
    table.string('key_hash', 64).notNullable().unique();
    table.string('scope', 20).notNullable().checkIn(['read', 'operate', 'admin']);
    table.timestamp('created_at').notNullable().defaultTo(knex.fn.now());
    table.timestamp('expires_at');
    table.timestamp('last_used_at');
    table.string('last_used_address', 45);
    table.index(['user_id', 'id']);
  });
}

export const down = undefined;

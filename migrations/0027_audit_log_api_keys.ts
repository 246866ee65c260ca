import type { Knex } from 'knex';

/** No foreign key: what was done with a key is still told when it has been revoked, and asked for then above all. */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable('audit_log', (table) => {
    table.integer('api_key_id');
    table.string('api_key_prefix', 12);
  });
  await knex.raw('create index audit_log_api_key on audit_log (api_key_id, id) where api_key_id is not null');
}

export const down = undefined;

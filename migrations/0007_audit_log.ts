import type { Knex } from 'knex';

/** Actor, API key and target are no foreign keys: an entry stays complete after what it names has been deleted. */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('audit_log', (table) => {
    table.bigIncrements('id');
    table.timestamp('created_at').notNullable().defaultTo(knex.fn.now());
    table.integer('actor_id');
    table.string('actor_name', 50);
    table.string('action', 60).notNullable();
    table.string('target_type', 40).notNullable();
    table.string('target_id', 255);
    table.string('outcome', 10).notNullable().checkIn(['succeeded', 'refused', 'failed']);
    table.integer('status').notNullable();
    table.string('address', 45).notNullable();
    table.string('user_agent', 500);
    table.string('request_id', 64).notNullable();
    table.jsonb('details').notNullable().defaultTo('{}');
    table.integer('api_key_id');
    table.string('api_key_prefix', 12);
    table.index(['actor_id', 'id']);
    table.index(['actor_name', 'id']);
    table.index(['target_type', 'target_id', 'id']);
    table.index('created_at');
  });
  // `config.*` asks for a prefix, which only this operator class finds under every collation of the database.
  await knex.raw('create index audit_log_action on audit_log (action varchar_pattern_ops, id)');
  await knex.raw('create index audit_log_api_key on audit_log (api_key_id, id) where api_key_id is not null');
}

export const down = undefined;

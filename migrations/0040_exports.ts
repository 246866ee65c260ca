import type { Knex } from 'knex';

/** Files that were exported. A row is there before its file is, and is shown once `completed_at` is set. */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('exports', (table) => {
    table.increments('id');
    // One file an execution, however often it is attempted.
    table.integer('execution_id').unique().references('task_executions.id').onDelete('SET NULL');
    table.integer('config_id').references('task_configs.id').onDelete('SET NULL');
    table.integer('created_by').references('users.id').onDelete('SET NULL');
    table.string('source', 20).notNullable();
    table.string('format', 10).notNullable();
    table.string('compression', 10).notNullable();
    table.string('storage', 10).notNullable().checkIn(['local', 's3']);
    table.string('file_name', 120).notNullable();
    table.bigInteger('bytes');
    table.bigInteger('row_count');
    table.string('sha256', 64);
    table.timestamp('created_at').notNullable().defaultTo(knex.fn.now());
    table.timestamp('completed_at');
    table.timestamp('expires_at').notNullable();
    // When the file was removed; the row stays, so that an old address answers 410 and not 404.
    table.timestamp('deleted_at');
    // Two runs of a config within a second want the same name.
    table.unique(['storage', 'file_name']);
    table.index('created_by');
  });
  await knex.raw('create index exports_source on exports (source, id desc) where completed_at is not null');
  await knex.raw('create index exports_format on exports (format, id desc) where completed_at is not null');
  await knex.raw('create index exports_config on exports (config_id, id desc)');
  await knex.raw('create index exports_expiry on exports (expires_at) where deleted_at is null');
}

export const down = undefined;

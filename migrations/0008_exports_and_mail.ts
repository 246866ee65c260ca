import type { Knex } from 'knex';

/** What runs leave outside the database: files to download, and mails. */
export async function up(knex: Knex): Promise<void> {
  await createExports(knex);
  await createMailDeliveries(knex);
}

/** A row exists before its file does, and is shown once `completed_at` is set. */
async function createExports(knex: Knex): Promise<void> {
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
    // When the file was removed. The row stays, so that its address answers 410 and not 404.
    table.timestamp('deleted_at');
    // Two runs of a config within a second ask for the same name.
    table.unique(['storage', 'file_name']);
    table.index('created_by');
  });
  await knex.raw('create index exports_source on exports (source, id desc) where completed_at is not null');
  await knex.raw('create index exports_format on exports (format, id desc) where completed_at is not null');
  await knex.raw('create index exports_config on exports (config_id, id desc)');
  await knex.raw('create index exports_expiry on exports (expires_at) where deleted_at is null');
}

/** The state of each copy of a run's mail, so that another attempt leaves out the recipients who have theirs. */
async function createMailDeliveries(knex: Knex): Promise<void> {
  await knex.schema.createTable('mail_deliveries', (table) => {
    table.integer('execution_id').notNullable().references('task_executions.id').onDelete('CASCADE');
    table.string('recipient', 254).notNullable();
    table
      .string('state', 10)
      .notNullable()
      .checkIn(['sending', 'deferred', 'sent', 'failed'], 'mail_deliveries_state_check');
    table.text('message_id').notNullable();
    table.text('response');
    table.timestamp('updated_at').notNullable().defaultTo(knex.fn.now());
    table.primary(['execution_id', 'recipient']);
  });
}

export const down = undefined;

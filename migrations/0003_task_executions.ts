import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('task_executions', (table) => {
    table.increments('id');
    table.string('task_id').notNullable();
    table.integer('config_id').references('task_configs.id').onDelete('SET NULL');
    table.string('task_type', 50);
    table
      .string('status', 12)
      .notNullable()
      .checkIn(['running', 'succeeded', 'failed', 'cancelled', 'terminated', 'timed_out']);
    table.specificType('is_success', "boolean generated always as (status = 'succeeded') stored").notNullable();
    table.string('triggered_by', 12).notNullable();
    table.integer('requested_by').references('users.id').onDelete('SET NULL');
    table.integer('retry_of').references('task_executions.id').onDelete('SET NULL');
    // The run's plan, fixed when it began: later edits of the config never disturb it, and a retry repeats it.
    table.jsonb('parameters').notNullable().defaultTo('{}');
    table.integer('max_retries').notNullable().defaultTo(0);
    table.integer('timeout_seconds');
    table.integer('priority').notNullable().defaultTo(5);
    table.string('workflow_id').notNullable();
    table.string('run_id').notNullable();
    // Set for a run inside a batch workflow, which has many rows.
    table.integer('batch_index').notNullable().defaultTo(0);
    // The newest attempt's number.
    table.integer('attempt').notNullable().defaultTo(1);
    table.timestamp('cancel_requested_at');
    table.timestamp('started_at').notNullable();
    table.timestamp('completed_at');
    table.decimal('duration_seconds', 12, 3);
    table.jsonb('result');
    table.text('error_message');
    table.text('error_traceback');
    table.timestamp('created_at').notNullable().defaultTo(knex.fn.now());

    table.unique(['workflow_id', 'run_id', 'batch_index']);
    table.index('task_id');
    table.index('created_at');
    table.index('retry_of');
  });
  await knex.raw('create index task_executions_started on task_executions (started_at desc, id desc)');
  await knex.raw(
    'create index task_executions_config_started on task_executions (config_id, started_at desc, id desc)',
  );
  await knex.raw(
    "create index task_executions_running on task_executions (workflow_id, run_id) where status = 'running'",
  );
  await knex.raw('create index task_executions_status_started on task_executions (status, started_at desc, id desc)');
}

export const down = undefined;

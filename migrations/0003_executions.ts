import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await createTaskExecutions(knex);
  await createExecutionIndexes(knex);
  await createTaskAttempts(knex);
}

async function createTaskExecutions(knex: Knex): Promise<void> {
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
    // The run's plan, fixed when it began: later edits of the config do not affect it, and a retry repeats it.
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
    // When the schedule meant the run to begin, so that its delay is started_at less this. Null for other runs.
    table.timestamp('scheduled_at');

    table.unique(['workflow_id', 'run_id', 'batch_index']);
    table.index('task_id');
    table.index('created_at');
    table.index('retry_of');
  });
}

async function createExecutionIndexes(knex: Knex): Promise<void> {
  const indexes = {
    started: '(started_at desc, id desc)',
    config_started: '(config_id, started_at desc, id desc)',
    status_started: '(status, started_at desc, id desc)',
    running: "(workflow_id, run_id) where status = 'running'",
    // The metrics count the runs that have ended since they were last read.
    completed: '(completed_at) where completed_at is not null',
    // Finds the newest finished run of a config without reading the others.
    config_created: "(config_id, created_at desc, id desc) where status <> 'running'",
    // The usual duration of a task type is estimated from its newest successful runs.
    type_succeeded: "(task_type, started_at desc) where status = 'succeeded'",
  };
  for (const [name, definition] of Object.entries(indexes))
    await knex.raw(`create index task_executions_${name} on task_executions ${definition}`);
}

async function createTaskAttempts(knex: Knex): Promise<void> {
  await knex.schema.createTable('task_attempts', (table) => {
    table.integer('execution_id').notNullable().references('task_executions.id').onDelete('CASCADE');
    table.integer('attempt').notNullable();
    // "lost": a later attempt began although this one never reported its end (its worker died).
    table
      .string('outcome', 12)
      .notNullable()
      .defaultTo('running')
      .checkIn(['running', 'succeeded', 'failed', 'cancelled', 'terminated', 'timed_out', 'lost']);
    table.string('worker').notNullable();
    table.timestamp('started_at').notNullable();
    table.timestamp('ended_at');
    table.jsonb('failure');
    table.primary(['execution_id', 'attempt']);
  });
}

export const down = undefined;

import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await createTaskConfigs(knex);
  await createScheduleEvents(knex);
}

async function createTaskConfigs(knex: Knex): Promise<void> {
  await knex.schema.createTable('task_configs', (table) => {
    table.increments('id');
    table.string('name', 200).notNullable().index();
    table.text('description');
    table.string('task_type', 50).notNullable().index();
    table.string('scheduler_type', 10).notNullable();
    table.jsonb('parameters').notNullable().defaultTo('{}');
    table.jsonb('schedule_config').notNullable().defaultTo('{}');
    table.integer('max_retries').notNullable().defaultTo(0);
    table.integer('timeout_seconds');
    table.integer('priority').notNullable().defaultTo(5);
    // The desired schedule state; the actual one lives in Temporal.
    table
      .string('schedule_status', 10)
      .notNullable()
      .defaultTo('inactive')
      .index()
      .checkIn(['active', 'inactive', 'paused', 'error']);
    table.text('schedule_error');
    // Incremented by every write; the note of the Temporal schedule carries the revision that it was made from.
    table.integer('revision').notNullable().defaultTo(1);
    table.timestamp('registered_at');
    table.timestamp('created_at').notNullable().defaultTo(knex.fn.now());
    table.timestamp('updated_at');
    table.index('created_at');
    table.index('updated_at');
  });
}

async function createScheduleEvents(knex: Knex): Promise<void> {
  await knex.schema.createTable('schedule_events', (table) => {
    table.bigIncrements('id');
    table.integer('config_id').notNullable().references('task_configs.id').onDelete('CASCADE');
    table.string('event', 40).notNullable();
    table.string('new_status', 10);
    table.string('task_name', 200);
    table.boolean('success');
    table.text('error');
    table.timestamp('created_at').notNullable().defaultTo(knex.fn.now());
    table.index(['config_id', 'id']);
  });
}

export const down = undefined;

import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
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

import type { Knex } from 'knex';

/** What became of each copy of a run's mail, so that another attempt leaves out who has it. */
export async function up(knex: Knex): Promise<void> {
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

import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
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

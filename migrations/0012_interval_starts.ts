import type { Knex } from 'knex';

/** Intervals are now counted from `start_at`: reconcile applies those that are armed again. */
export async function up(knex: Knex): Promise<void> {
  await knex('task_configs')
    .where('scheduler_type', 'interval')
    .whereIn('schedule_status', ['active', 'paused'])
    .whereRaw("schedule_config -> 'start_at' is not null")
    .increment('revision', 1);
}

export const down = undefined;

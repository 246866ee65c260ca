import type { Knex } from 'knex';

/** A reset's row is also the outbox of its mail. Whatever was asked for before was mailed by the API, or never will be. */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable('password_resets', (table) => {
    // The token follows from this id and a secret: never the same twice, not even in a database that begins anew.
    table.uuid('public_id').notNullable().defaultTo(knex.fn.uuid()).unique();
    table
      .string('mail_state', 10)
      .notNullable()
      .defaultTo('sent')
      .checkIn(['pending', 'sending', 'sent', 'failed'], 'password_resets_mail_state_check');
    table.timestamp('mailed_at');
  });
  await knex.raw("alter table password_resets alter column mail_state set default 'pending'");
  await knex.raw(
    "create index password_resets_outbox on password_resets (id) where mail_state in ('pending', 'sending') and used_at is null",
  );
}

export const down = undefined;

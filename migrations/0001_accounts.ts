import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await createUsers(knex);
  await createPasswordResets(knex);
  await createApiKeys(knex);
}

async function createUsers(knex: Knex): Promise<void> {
  await knex.schema.createTable('users', (table) => {
    table.increments('id');
    table.string('email').notNullable().unique();
    table.string('username', 50).notNullable().unique();
    table.string('hashed_password').notNullable();
    table.string('full_name').index();
    table.integer('age');
    table.boolean('is_active').notNullable().defaultTo(true);
    table.timestamps(true, true);
    // Tokens carry the version that they were issued under; raising it ends all sessions of the user.
    table.integer('session_version').notNullable().defaultTo(1);
    table.string('role', 20).checkIn(['viewer', 'operator', 'admin'], 'users_role_check');
    // Derived from the role. It is a column because lists sort by it.
    table
      .specificType('is_superuser', "boolean generated always as (coalesce(role = 'admin', false)) stored")
      .notNullable();
    // Set for a user whose name or address differs only by case from that of an older user, as the predecessor allowed.
    // Such a user is found by the exact spelling alone.
    table.boolean('is_username_shared').notNullable().defaultTo(false);
    table.boolean('is_email_shared').notNullable().defaultTo(false);
  });
  for (const column of ['username', 'email'])
    await knex.raw(
      `create unique index users_${column}_lower_unique on users (lower(${column})) where not is_${column}_shared`,
    );
  // A failed login asks whether any user still has a bcrypt hash of the predecessor: the index holds those users alone.
  await knex.raw("create index users_bcrypt on users (id) where hashed_password like '$2%'");
}

/** The row of a reset is also the outbox of its mail. */
async function createPasswordResets(knex: Knex): Promise<void> {
  await knex.schema.createTable('password_resets', (table) => {
    table.increments('id');
    table.integer('user_id').notNullable().references('users.id').onDelete('CASCADE').index();
    table.string('token_hash', 64).notNullable().unique();
    table.timestamp('expires_at').notNullable();
    table.timestamp('used_at');
    table.timestamp('created_at').notNullable().defaultTo(knex.fn.now());
    // The token is derived from this id and a secret, so it never repeats, not even after the serial ids begin anew.
    table.uuid('public_id').notNullable().defaultTo(knex.fn.uuid()).unique();
    table
      .string('mail_state', 10)
      .notNullable()
      .defaultTo('pending')
      .checkIn(['pending', 'sending', 'sent', 'failed'], 'password_resets_mail_state_check');
    table.timestamp('mailed_at');
  });
  await knex.raw(
    `create index password_resets_outbox on password_resets (id)
     where mail_state in ('pending', 'sending') and used_at is null`,
  );
}

/** The prefix shows people which key it is, and is not unique. Authentication looks the key up by its hash. */
async function createApiKeys(knex: Knex): Promise<void> {
  await knex.schema.createTable('api_keys', (table) => {
    table.increments('id');
    table.integer('user_id').notNullable().references('users.id').onDelete('CASCADE');
    table.string('name', 100).notNullable();
    table.string('prefix', 12).notNullable();
    table.string('key_hash', 64).notNullable().unique();
    table.string('scope', 20).notNullable().checkIn(['read', 'operate', 'admin']);
    table.timestamp('created_at').notNullable().defaultTo(knex.fn.now());
    table.timestamp('expires_at');
    table.timestamp('last_used_at');
    table.string('last_used_address', 45);
    table.index(['user_id', 'id']);
  });
}

export const down = undefined;

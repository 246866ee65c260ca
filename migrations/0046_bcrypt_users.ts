import type { Knex } from 'knex';

/**
 * Whether anybody still has a hash of the predecessor's is asked at failed logins: the index holds those users alone. And keys
 * of users that are not active, which end with their owner's deactivation from now on, must not come back with him.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw("create index users_bcrypt on users (id) where hashed_password like '$2%'");
  await knex.raw('delete from api_keys using users where users.id = api_keys.user_id and not users.is_active');
}

export const down = undefined;

import type { Client } from 'pg';

/** Settings that make values as text mean the same in every session, and that switch time limits off. */
const SESSION = [
  "set datestyle to 'ISO'",
  "set intervalstyle to 'iso_8601'",
  "set timezone to 'UTC'",
  'set extra_float_digits to 3',
  "set client_encoding to 'UTF8'",
  'set statement_timeout to 0',
  'set lock_timeout to 0',
  'set idle_in_transaction_session_timeout to 0',
];
export const prepareSession = (client: Client) => client.query(SESSION.join(';'));

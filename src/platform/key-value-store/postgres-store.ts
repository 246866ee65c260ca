import { Pool } from 'pg';
import { connectionString } from '../postgres/postgres-client';
import { createApply } from './compare-and-set';
import { MINUTE_MS, SECOND_MS } from '../../shared/durations';
import type { KeyValueStore } from './key-value-store';

const SWEPT_AT_ONCE = 1_000;

const IS_LIVE = 'expires_at > now()';
/** The expiry of a value whose time to live is in this parameter, in seconds. Null means that it never expires. */
const endOf = (parameter: string) =>
  `coalesce(now() + ${parameter}::double precision * interval '1 second', 'infinity')`;

const READ = `select value, (extract(epoch from clock_timestamp()) * 1000)::bigint as now
  from (select) as one left join key_values on key = $1 and ${IS_LIVE}`;
const SET = `insert into key_values (key, value, expires_at) values ($1, $2, ${endOf('$3')})
  on conflict (key) do update set value = excluded.value, expires_at = excluded.expires_at`;
const REPLACE = `update key_values set value = $3,
    expires_at = case when $4::double precision is null then expires_at else ${endOf('$4')} end
  where key = $1 and value = $2 and ${IS_LIVE}`;
const INCREMENT = `insert into key_values as counter (key, value, expires_at) values ($1, '1', ${endOf('$2')})
  on conflict (key) do update set
    value = case when counter.${IS_LIVE} then (counter.value::bigint + 1)::text else '1' end,
    expires_at = case when counter.${IS_LIVE} then counter.expires_at else excluded.expires_at end
  returning value`;
const ADD_MEMBER = `insert into key_members (key, member, expires_at) values ($1, $2, ${endOf('$3')})
  on conflict (key, member) do update set expires_at = excluded.expires_at`;
const sweepOf = (table: string, columns: string) => `delete from ${table} where (${columns}) in (
    select ${columns} from ${table} where expires_at <= now() limit ${SWEPT_AT_ONCE} for update skip locked)`;

/**
 * The store in two unlogged tables of Taskloom's schema, which migrations create. Every operation is one statement and
 * uses the clock of the database. The content survives a restart of PostgreSQL, but not a crash.
 */
export function createPostgresStore(
  url: string,
  { answerWithinMs, sweepEveryMs = MINUTE_MS }: { answerWithinMs: number; sweepEveryMs?: number },
): KeyValueStore {
  const pool = new Pool({
    connectionString: connectionString(url),
    application_name: 'taskloom-store',
    max: 4,
    connectionTimeoutMillis: answerWithinMs,
    // The first gives up a connection whose server is silent. The second cancels a statement that waits for a lock.
    query_timeout: answerWithinMs,
    statement_timeout: answerWithinMs,
  });
  // An idle connection was lost. The next statement opens another one.
  pool.on('error', () => undefined);

  /** `answerWithinMs` limits the wait for a connection and the wait for the answer together. */
  async function query<Row extends object>(statement: string, values: unknown[] = []) {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      const refuse = () => reject(new Error(`PostgreSQL does not answer within ${answerWithinMs / SECOND_MS} s`));
      timer = setTimeout(refuse, answerWithinMs);
    });
    try {
      const { rows, rowCount } = await Promise.race([pool.query<Row>(statement, values), tooLate]);
      return { row: rows[0], rows, count: rowCount ?? 0 };
    } finally {
      clearTimeout(timer);
    }
  }

  async function sweep(): Promise<void> {
    for (const statement of [sweepOf('key_values', 'key'), sweepOf('key_members', 'key, member')])
      while ((await query(statement)).count === SWEPT_AT_ONCE);
  }
  // After a failure, the next sweep removes the rows. Expired rows are never read.
  const sweeping = setInterval(() => void sweep().catch(() => undefined), sweepEveryMs).unref();

  const set: KeyValueStore['set'] = async (key, value, { ttlSeconds, onlyIfAbsent } = {}) => {
    const statement = onlyIfAbsent ? `${SET} where key_values.expires_at <= now()` : SET;
    return (await query(statement, [key, value, ttlSeconds])).count === 1;
  };
  const replace: KeyValueStore['replace'] = async (key, expected, value, { ttlSeconds } = {}) =>
    (await query(REPLACE, [key, expected, value, ttlSeconds])).count === 1;
  const readWithTime = async (key: string) => {
    const { row } = await query<{ value: string | null; now: number }>(READ, [key]);
    return { value: row?.value ?? null, now: row?.now ?? Date.now() };
  };

  return {
    get: async (key) =>
      (await query<{ value: string }>(`select value from key_values where key = $1 and ${IS_LIVE}`, [key])).row
        ?.value ?? null,
    set,
    delete: async (key) =>
      (
        await query<{ was_live: boolean }>(`delete from key_values where key = $1 returning ${IS_LIVE} as was_live`, [
          key,
        ])
      ).row?.was_live === true,
    replace,
    addMember: async (key, member, ttlSeconds) => void (await query(ADD_MEMBER, [key, member, ttlSeconds])),
    removeMember: async (key, member) =>
      void (await query('delete from key_members where key = $1 and member = $2', [key, member])),
    members: async (key) =>
      (await query<{ member: string }>(`select member from key_members where key = $1 and ${IS_LIVE}`, [key])).rows.map(
        ({ member }) => member,
      ),
    increment: async (key, { ttlSeconds }) =>
      Number((await query<{ value: string }>(INCREMENT, [key, ttlSeconds])).row?.value),
    expire: async (key, ttlSeconds) =>
      (
        await query(`update key_values set expires_at = ${endOf('$2')} where key = $1 and ${IS_LIVE}`, [
          key,
          ttlSeconds,
        ])
      ).count === 1,
    apply: createApply({ set, replace, readWithTime }),
    // Reads a table, because a database without the tables is not a store.
    ping: async () => void (await query('select from key_values limit 0')),
    close: async () => {
      clearInterval(sweeping);
      await pool.end();
    },
  };
}

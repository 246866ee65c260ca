import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';

/** What a restore kept of the replaced database, because it is newer than the backup. */
export interface KeptChanges {
  /** How many API keys of the backup had been revoked. */
  apiKeys: number;
  /** Names of the users who had been deactivated or deleted; they are inactive. */
  deactivated: string[];
  /** Names of the users who had lost rights; they have the lower role. */
  demoted: string[];
  /** Names of the users whose password had been changed. */
  passwordsChanged: string[];
  hasActiveAdmin: boolean;
}

const hasTable = async (client: Client, name: string): Promise<boolean> => {
  const { rows } = await client.query<{ exists: boolean }>('select to_regclass($1) is not null as exists', [name]);
  return rows[0]?.exists ?? false;
};

/** Users of the database as it is, who were changed at or after that time. None in an empty database. */
export async function usersChangedSince(client: Client, takenAt: string): Promise<string[]> {
  if (!(await hasTable(client, 'users'))) return [];
  const { rows } = await client.query<{ username: string }>(
    'select username from users where updated_at >= $1 order by username',
    [takenAt],
  );
  return rows.map(({ username }) => username);
}

/** Copies the audit log, the users and the keys into temporary tables, before the restore drops them. */
export async function rememberAccounts(client: Client): Promise<void> {
  for (const [name, source] of [
    ['now_users', 'users'],
    ['now_api_keys', 'api_keys'],
    ['now_audit', 'audit_log'],
  ] as const) {
    const exists = await hasTable(client, source);
    // Nobody changes them from here on, so that no revocation falls between this copy and the restore.
    if (exists) await client.query(`lock table ${source} in access exclusive mode`);
    await client.query(
      `create temporary table ${name} on commit drop as
         ${exists ? `select to_jsonb(t) as entry from ${source} t` : 'select null::jsonb as entry where false'}`,
    );
  }
}

/**
 * Users are the same if id and time of creation are: an id alone may belong to somebody else in another database. What
 * is missing was removed later only if no older backup has been restored meanwhile.
 */
const NEWER = `
  with now_rows as (
    select (entry->>'id')::int as id, (entry->>'created_at')::timestamptz as created_at,
      entry->>'hashed_password' as hashed_password, entry->>'role' as role,
      (entry->>'is_active')::bool as is_active, (entry->>'updated_at')::timestamptz >= $1 as is_newer
    from now_users
  ),
  lineage as (
    select exists (select from users u join now_rows n using (id, created_at)) as is_same,
      exists (
        select from now_audit where entry->>'action' = 'database.restore' and (entry->>'created_at')::timestamptz >= $1
      ) as was_restored
  ),
  removals as (
    select entry->>'action' as action, entry->>'target_id' as target_id from now_audit
    where entry->>'outcome' = 'succeeded' and (entry->>'created_at')::timestamptz >= $1
  )`;
const rankOf = (role: string) => `coalesce(array_position(array['viewer', 'operator', 'admin'], ${role}::text), 0)`;
const SAME_USER = 'n.id = u.id and n.created_at = u.created_at and n.is_newer';
const wasRemoved = (action: string, id: string) => `(
  not lineage.was_restored
  or exists (select from removals r where r.action = '${action}' and r.target_id = ${id}::text)
)`;

async function namesOf(client: Client, sql: string, takenAt: string): Promise<string[]> {
  const { rows } = await client.query<{ username: string }>(`${NEWER} ${sql}`, [takenAt]);
  return rows.map(({ username }) => username).sort();
}

/**
 * Revokes again what was revoked after the backup, and puts the newer passwords in place unless the backup's are
 * wanted. Reset links of the backup may have been used since, so they end as well. Expects rememberAccounts, then the
 * restored rows.
 */
export async function keepRevocations(
  client: Client,
  { takenAt, arePasswordsKept }: { takenAt: string; arePasswordsKept: boolean },
): Promise<KeptChanges> {
  const deactivated = await namesOf(
    client,
    `update users u set is_active = false from lineage where u.is_active and (
       exists (select from now_rows n where ${SAME_USER} and not n.is_active)
       or lineage.is_same and not exists (select from now_rows n where n.id = u.id and n.created_at = u.created_at)
         and ${wasRemoved('user.delete', 'u.id')}
     ) returning u.username`,
    takenAt,
  );
  const demoted = await namesOf(
    client,
    `update users u set role = n.role from now_rows n
     where ${SAME_USER} and ${rankOf('n.role')} < ${rankOf('u.role')} returning u.username`,
    takenAt,
  );
  const { rowCount: apiKeys } = await client.query(
    `${NEWER} delete from api_keys k using users u, lineage where u.id = k.user_id and (
       not u.is_active
       or exists (select from now_rows n where n.id = u.id and n.created_at = u.created_at)
         and not exists (select from now_api_keys a where a.entry->>'key_hash' = k.key_hash)
         and ${wasRemoved('api_key.delete', 'k.id')}
     )`,
    [takenAt],
  );
  const changed = `from now_rows n where ${SAME_USER} and n.hashed_password <> u.hashed_password`;
  const passwordsChanged = await namesOf(
    client,
    arePasswordsKept
      ? `update users u set hashed_password = n.hashed_password ${changed} returning u.username`
      : `select u.username from users u, now_rows n ${changed.slice('from now_rows n '.length)}`,
    takenAt,
  );
  await client.query('update password_resets set used_at = now() where used_at is null');
  const { rows } = await client.query<{ exists: boolean }>(
    "select exists (select from users where role = 'admin' and is_active)",
  );
  return {
    apiKeys: apiKeys ?? 0,
    deactivated,
    demoted,
    passwordsChanged,
    hasActiveAdmin: rows[0]?.exists ?? false,
  };
}

const SAME_ENTRY = `a.created_at = (n.entry->>'created_at')::timestamptz and a.request_id = n.entry->>'request_id'
  and a.action = n.entry->>'action'`;

/**
 * Adds the entries of the replaced database that the backup does not have. Their ids stay, except where another entry
 * has the id.
 */
export async function keepAuditEntries(client: Client): Promise<void> {
  const insert = (entry: string, condition: string) =>
    client.query(
      `insert into audit_log select (jsonb_populate_record(null::audit_log, ${entry})).*
       from now_audit n where not exists (select from audit_log a where ${SAME_ENTRY}) and ${condition}`,
    );
  const isTaken = `exists (select from audit_log a where a.id = (n.entry->>'id')::bigint)`;
  await insert('n.entry', `not ${isTaken}`);
  await insert(`n.entry || jsonb_build_object('id', nextval(pg_get_serial_sequence('audit_log', 'id')))`, isTaken);
}

export async function recordRestore(client: Client, name: string, details: Record<string, unknown>): Promise<void> {
  await client.query(
    `insert into audit_log (action, target_type, target_id, outcome, status, address, request_id, details)
     values ('database.restore', 'backup', $1, 'succeeded', 200, 'local', $2, $3)`,
    [name, randomUUID(), JSON.stringify(details)],
  );
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import type { Backups, BackupRequest, WrittenBackup } from '../../tasks/ports/backups';
import { BackupUnavailableError } from '../backup-error';
import type { BackupFolder, StoredBackup } from '../backup-folder';
import { FORMAT_VERSION, type Manifest } from '../backup-manifest';
import { backupName } from '../backup-names';
import { findBase } from './backup-base';
import { openSnapshot, type BackupSnapshot } from './backup-snapshot';
import { findExpired } from './expired-backups';
import { programVersion } from '../pg-dump';
import { writeArchive, writeTables } from './write-tables';

export interface BackupDeps {
  folder: BackupFolder;
  url: string;
  connect: () => Promise<Client>;
  taskloomVersion: string;
}

/** One backup runs at a time: a second one could remove the chain that the first builds on. */
const LOCK = "hashtext('taskloom-backup')";
const LOCK_LOOK_MS = 500;

export function createBackups({ folder, url, connect, taskloomVersion }: BackupDeps): Backups {
  async function write(
    client: Client,
    request: BackupRequest,
    { signal, onProgress }: Parameters<Backups['write']>[1],
  ): Promise<WrittenBackup> {
    await waitForTurn(client, signal);
    await folder.sweep();
    const name = backupName(request);
    const done = await findDone(folder, name, signal);
    if (done) return toResult(done, null, await removeExpired(request, done));

    const now = await openSnapshot(client);
    const base = request.type === 'incremental' ? await findBase(folder, now) : null;
    const parent = base && 'parent' in base ? base.parent : null;
    const method = parent ? 'copy' : await chooseMethod(request.method, now);
    const stored = await folder.write(name, signal, async (place) => {
      const progress = { bytes: 0, rows: 0, tables: 0 };
      const tell = () => onProgress({ ...progress, tablesTotal: now.tables.length });
      const writing = {
        client,
        place,
        now,
        signal,
        onBytes: (bytes: number) => {
          progress.bytes += bytes;
          tell();
        },
        onTable: (rows: number) => {
          progress.rows += rows;
          progress.tables += 1;
          tell();
        },
      };
      const content =
        method === 'pg_dump'
          ? await writeArchive(writing, url)
          : { tables: await writeTables(writing, parent?.manifest.snapshot.id ?? null), archive: null };
      return {
        format_version: FORMAT_VERSION,
        taskloom_version: taskloomVersion,
        name,
        type: parent ? 'incremental' : 'full',
        method,
        config_id: request.configId,
        execution_id: request.executionId,
        created_at: new Date().toISOString(),
        database: now.database,
        snapshot: now.snapshot,
        migrations: now.migrations,
        sequences: now.sequences,
        ...content,
        parent: parent && { name: parent.manifest.name, sha256: parent.sha256 },
        base: parent?.manifest.base ?? name,
      } satisfies Manifest;
    });
    return toResult(stored, base && 'reason' in base ? base.reason : null, await removeExpired(request, stored));
  }

  /** Removes only after a complete full backup: until then the older chains are the only backups. */
  async function removeExpired({ keep }: BackupRequest, { manifest }: StoredBackup): Promise<string[]> {
    if (manifest.type !== 'full') return [];
    const expired = await findExpired(folder, manifest.database, keep);
    for (const each of expired) await folder.remove(each.manifest.name);
    return expired.map((each) => each.manifest.name);
  }

  return {
    async write(request, step) {
      const { signal } = step;
      signal.throwIfAborted();
      const client = await connect();
      const {
        rows: [backend],
      } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
      // Without a cancellation, a statement that sends no rows would run on after its connection is closed.
      const cancel = () =>
        void connect()
          .then((other) => other.query('select pg_cancel_backend($1)', [backend?.pid]).finally(() => other.end()))
          .catch(() => undefined);
      signal.addEventListener('abort', cancel, { once: true });
      try {
        return await write(client, request, step);
      } catch (error) {
        throw signal.aborted ? signal.reason : error;
      } finally {
        signal.removeEventListener('abort', cancel);
        // Fails when a statement still runs.
        await client.end().catch(() => undefined);
      }
    },
  };
}

async function waitForTurn(client: Client, signal: AbortSignal): Promise<void> {
  for (;;) {
    const {
      rows: [lock],
    } = await client.query<{ is_ours: boolean }>(`select pg_try_advisory_lock(${LOCK}) as is_ours`);
    if (lock?.is_ours) return;
    await sleep(LOCK_LOOK_MS, undefined, { signal });
  }
}

/** The backup that an earlier attempt completed, when its worker died before it could report it. */
async function findDone(folder: BackupFolder, name: string, signal: AbortSignal): Promise<StoredBackup | undefined> {
  const done = await folder.read(name);
  if (done) await folder.verify(done, signal);
  return done;
}

async function chooseMethod(
  wanted: BackupRequest['method'],
  { database }: BackupSnapshot,
): Promise<'copy' | 'pg_dump'> {
  if (wanted === 'copy') return 'copy';
  const server = Math.floor(Number(database.server_version) / 10_000);
  const [dump, restore] = await Promise.all([programVersion('pg_dump'), programVersion('pg_restore')]);
  // An archive can be read only by a pg_restore that is not older than pg_dump.
  if (dump !== undefined && dump >= server && restore !== undefined && restore >= dump) return 'pg_dump';
  if (wanted === 'auto') return 'copy';
  throw new BackupUnavailableError(whyNotByDump({ server, dump, restore }));
}

/** The message when pg_dump was requested and cannot be used: what is missing, what to install, the alternatives. */
function whyNotByDump({ server, dump, restore }: { server: number; dump?: number; restore?: number }): string {
  const missing = [dump === undefined ? 'pg_dump' : '', restore === undefined ? 'pg_restore' : ''].filter(Boolean);
  const found =
    `pg_dump is of version ${dump} and pg_restore of version ${restore}; ` +
    `needed is ${server} or newer, and a pg_restore that is not older than pg_dump`;
  const reason = missing.length > 0 ? `${missing.join(' and ')} cannot be found on the worker's PATH` : found;
  return (
    `${reason}. On the machine of each worker, install PostgreSQL's client programs of version ${server} or newer ` +
    `(Debian and Ubuntu: postgresql-client-${server}; Homebrew: postgresql@${server}), or set the parameter method ` +
    'to "copy", which needs no program, or to "auto", which takes pg_dump only where it can be used'
  );
}

function toResult({ manifest, bytes, sha256 }: StoredBackup, reason: string | null, removed: string[]): WrittenBackup {
  return {
    name: manifest.name,
    type: manifest.type,
    method: manifest.method,
    whyFull: reason,
    parent: manifest.parent?.name ?? null,
    bytes,
    sha256,
    rows: manifest.tables.reduce((sum, table) => sum + table.rows_written, 0),
    tables: manifest.tables.length,
    snapshotAt: manifest.snapshot.taken_at,
    removed,
  };
}

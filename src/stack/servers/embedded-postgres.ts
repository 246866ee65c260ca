import { execFile } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { choosePort } from '../processes/free-port';
import { postgresBinaries, unprivilegedUser, type UnprivilegedUser } from './postgres-binaries';
import { stopLeftover, type StopStep } from '../processes/process-table';
import { startServiceProcess } from '../processes/service-process';
import { StartError } from '../../platform/startup/start-error';

const USER = 'taskloom';

/** SIGINT is PostgreSQL's fast shutdown. SIGQUIT is the immediate one, after which the next start replays the log. */
const STOP_STEPS: readonly StopStep[] = [
  ['SIGINT', 20_000],
  ['SIGQUIT', 5_000],
  ['SIGKILL', 5_000],
];

export interface EmbeddedPostgresOptions {
  /** The parent folder of `data/` (the cluster). For root it must be reachable by other users. */
  folder: string;
  logFile: string;
  /** Aborts the start and stops what has started so far. */
  signal?: AbortSignal;
  password: string;
  /** The preferred port; another one is used if it is taken. */
  port?: number;
  database?: string;
  /** Turns fsync off: faster, but a crash of the machine loses the cluster. For tests only. */
  unsafeNoSync?: boolean;
}

export interface EmbeddedPostgres {
  url: string;
  port: number;
  pid: number;
  /** Whether a server that an earlier start had left running was stopped first. */
  replacedLeftover: boolean;
  exited: Promise<string>;
  stop: () => Promise<void>;
}

export async function stopLeftoverPostgres(folder: string): Promise<boolean> {
  const dataDir = path.join(folder, 'data');
  return stopLeftover(path.join(dataDir, 'postmaster.pid'), ['postgres', dataDir], STOP_STEPS);
}

export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const user = unprivilegedUser();
  const binaries = postgresBinaries(user);
  const dataDir = path.join(options.folder, 'data');
  mkdirSync(options.folder, { recursive: true, mode: user ? 0o711 : 0o700 });
  const replacedLeftover = await stopLeftoverPostgres(options.folder);
  // The lock file names a process that is not this cluster's server. PostgreSQL refuses to start while that pid is in
  // use.
  rmSync(path.join(dataDir, 'postmaster.pid'), { force: true });
  if (!existsSync(dataDir)) await initialise(binaries.initdb, dataDir, options, user);

  const port = await choosePort(options.port);
  const url = new URL(`postgres://${USER}@127.0.0.1:${port}/${options.database ?? 'taskloom'}`);
  url.password = options.password;
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    ...(options.unsafeNoSync ? { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' } : {}),
  };
  const server = await startServiceProcess(
    {
      name: 'PostgreSQL',
      command: binaries.postgres,
      args: [
        '-D',
        dataDir,
        '-p',
        String(port),
        ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      logFile: options.logFile,
      cwd: options.folder,
      env: { ...process.env, LC_MESSAGES: 'C' },
      stopSteps: STOP_STEPS,
      signal: options.signal,
      ...user,
    },
    () => answers(url),
  );
  try {
    await createDatabase(url);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { url: url.toString(), port, pid: server.pid, replacedLeftover, exited: server.exited, stop: server.stop };
}

/**
 * A cluster is renamed to `data` only when initdb has finished, because a killed initdb leaves an unusable one behind.
 */
async function initialise(
  initdb: string,
  dataDir: string,
  options: EmbeddedPostgresOptions,
  user: UnprivilegedUser | undefined,
): Promise<void> {
  const unfinished = `${dataDir}.unfinished`;
  const passwordFile = `${dataDir}.password`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  writeFileSync(passwordFile, options.password, { mode: 0o600 });
  if (user) for (const owned of [unfinished, passwordFile]) chownSync(owned, user.uid, user.gid);
  try {
    await promisify(execFile)(
      initdb,
      [
        `--pgdata=${unfinished}`,
        `--username=${USER}`,
        '--auth=scram-sha-256',
        `--pwfile=${passwordFile}`,
        '--encoding=UTF8',
        // The built-in locale provider sorts and folds case alike on every machine.
        '--locale=C',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--no-instructions',
        ...(options.unsafeNoSync ? ['--no-sync'] : []),
      ],
      { cwd: options.folder, env: { ...process.env, LC_ALL: 'C' }, ...user },
    );
  } catch (error) {
    throw new StartError(`initdb failed: ${(error as { stderr?: string }).stderr?.trim() ?? String(error)}`, {
      cause: error,
    });
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(unfinished, dataDir);
}

function maintenanceUrl(url: URL): string {
  const maintenance = new URL(url);
  maintenance.pathname = '/postgres';
  return maintenance.toString();
}

/** A wrong password also means that the server is up; waiting would not help. */
async function answers(url: URL): Promise<boolean> {
  const client = new Client({ connectionString: maintenanceUrl(url), connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch (error) {
    return (error as { code?: string }).code === '28P01';
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function createDatabase(url: URL): Promise<void> {
  const client = new Client({ connectionString: maintenanceUrl(url) });
  const name = decodeURIComponent(url.pathname.slice(1));
  try {
    await client.connect();
    const known = await client.query('select 1 from pg_database where datname = $1', [name]);
    if (known.rowCount === 0) await client.query(`create database ${client.escapeIdentifier(name)}`);
  } finally {
    await client.end().catch(() => undefined);
  }
}

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { hashPassword } from '../src/platform/passwords/password-hash';
import { createDatabase, migrate, type Database } from '../src/platform/postgres/postgres';
import { connectTemporal, registerSearchAttributes, type TemporalConnection } from '../src/platform/temporal';
import { startEmbeddedPostgres } from '../src/stack/servers/embedded-postgres';
import { findRedisProgram, startEmbeddedRedis } from '../src/stack/servers/embedded-redis';
import { startEmbeddedTemporal, TEMPORAL_SPEED_FLAGS } from '../src/stack/servers/embedded-temporal';
import { findTemporalBinary } from '../src/stack/servers/temporal-binary';
import { createCleanup } from './cleanup';

const PASSWORD = 'bench-password';

export interface BenchStack {
  database: Database;
  postgresUrl: string;
  temporal: TemporalConnection;
  apiUrl: string;
  token: string;
  /** The environment of the started processes. */
  env: NodeJS.ProcessEnv;
  /** Starts a compiled file under dist as a process, and waits for its `ready` message. */
  startProcess(file: string, env?: NodeJS.ProcessEnv): Promise<ChildProcess>;
  stopProcess(child: ChildProcess): Promise<void>;
  stop: () => Promise<void>;
}

/** Starts the servers as `npm start` does (with fsync) and the API, in a folder that `stop` removes. */
export async function startBenchStack(options: {
  apiPort: number;
  speedFlags?: readonly string[];
  env?: NodeJS.ProcessEnv;
}): Promise<BenchStack> {
  const cleanup = createCleanup();
  try {
    return await startAll(options, cleanup);
  } catch (error) {
    await cleanup.stop();
    throw error;
  }
}

async function startAll(
  options: { apiPort: number; speedFlags?: readonly string[]; env?: NodeJS.ProcessEnv },
  { signal, keep, onStop, stop }: ReturnType<typeof createCleanup>,
): Promise<BenchStack> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'taskloom-bench-'));
  chmodSync(folder, 0o711);
  onStop(async () => rmSync(folder, { recursive: true, force: true }));
  const place = (name: string) => ({
    folder: path.join(folder, name),
    logFile: path.join(folder, `${name}.log`),
    password: PASSWORD,
    signal,
  });
  const postgres = await keep(startEmbeddedPostgres(place('postgres')));
  const server = await keep(
    startEmbeddedTemporal({
      ...place('temporal'),
      binary: await findTemporalBinary({ progress: () => undefined, signal }),
      speedFlags: options.speedFlags ?? TEMPORAL_SPEED_FLAGS,
    }),
  );
  const redis = findRedisProgram() ? await keep(startEmbeddedRedis(place('redis'))) : undefined;

  const database = createDatabase({ url: postgres.url, poolSize: 4, applicationName: 'taskloom-bench' });
  onStop(() => database.destroy());
  await migrate(database);
  await database('users').insert({
    email: 'bench@example.org',
    username: 'bench',
    hashed_password: await hashPassword(PASSWORD),
    role: 'admin',
  });
  const temporal = await connectTemporal({
    address: server.address,
    namespace: 'default',
    connection: { address: server.address },
  });
  onStop(() => temporal.close());
  await registerSearchAttributes(temporal.connection, 'default');

  const env = {
    ...process.env,
    DATABASE_URL: postgres.url,
    REDIS_URL: redis?.url,
    TEMPORAL_ADDRESS: server.address,
    PORT: String(options.apiPort),
    LOG_LEVEL: 'warn',
    JWT_SECRET_KEY: 'a secret of the bench alone, 32 letters',
    ...options.env,
  };
  const log = openSync(path.join(folder, 'processes.log'), 'a');
  const children = new Set<ChildProcess>();
  const startProcess: BenchStack['startProcess'] = async (file, extra = {}) => {
    signal.throwIfAborted();
    const child = fork(path.resolve(__dirname, '..', file), {
      env: { ...env, ...extra },
      stdio: ['ignore', log, log, 'ipc'],
    });
    children.add(child);
    await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => Promise.reject(new Error(`${file} ended; see ${folder}/processes.log`))),
    ]);
    return child;
  };
  const stopProcess: BenchStack['stopProcess'] = async (child) => {
    children.delete(child);
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  const stopProcesses = async () => {
    for (const child of [...children]) await stopProcess(child);
  };
  onStop(stopProcesses);

  await startProcess('src/api/server.js');
  const apiUrl = `http://127.0.0.1:${options.apiPort}/api/v1`;
  const login = await fetch(`${apiUrl}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'bench', password: PASSWORD }),
  });
  const { access_token: token } = (await login.json()) as { access_token: string };

  return {
    database,
    postgresUrl: postgres.url,
    temporal,
    apiUrl,
    token,
    env,
    startProcess,
    stopProcess,
    stop,
  };
}

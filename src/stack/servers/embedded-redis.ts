import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createKeyValueStore } from '../../platform/key-value-store/create-key-value-store';
import { choosePort } from '../processes/free-port';
import { stopLeftover, type StopStep } from '../processes/process-table';
import { startServiceProcess } from '../processes/service-process';

const STOP_STEPS: readonly StopStep[] = [
  ['SIGTERM', 10_000],
  ['SIGKILL', 5_000],
];

export interface EmbeddedRedisOptions {
  /** Without it, what findRedisProgram() finds. */
  program?: string;
  folder: string;
  logFile: string;
  /** Aborts the start and stops what has started so far. */
  signal?: AbortSignal;
  password: string;
  /** The preferred port; another one is used if it is taken. */
  port?: number;
}

export interface EmbeddedRedis {
  url: string;
  port: number;
  exited: Promise<string>;
  stop: () => Promise<void>;
}

/** What of the two servers is installed. */
export function findRedisProgram(env: NodeJS.ProcessEnv = process.env): string | undefined {
  return ['redis-server', 'valkey-server'].find((program) => {
    try {
      execFileSync(program, ['--version'], { stdio: 'ignore', env });
      return true;
    } catch {
      return false;
    }
  });
}

/** The server replaces its command line by "<program> <address>:<port>". */
export async function stopLeftoverRedis(folder: string): Promise<boolean> {
  const configFile = path.join(folder, 'redis.conf');
  const port = existsSync(configFile) ? readFileSync(configFile, 'utf8').match(/^port (\d+)$/m)?.[1] : undefined;
  return (
    port !== undefined && stopLeftover(path.join(folder, 'redis.pid'), ['-server', `127.0.0.1:${port}`], STOP_STEPS)
  );
}

/** Redis with everything kept in an append-only file. */
export async function startEmbeddedRedis(options: EmbeddedRedisOptions): Promise<EmbeddedRedis> {
  mkdirSync(options.folder, { recursive: true, mode: 0o700 });
  await stopLeftoverRedis(options.folder);
  const pidFile = path.join(options.folder, 'redis.pid');
  const configFile = path.join(options.folder, 'redis.conf');
  const port = await choosePort(options.port);
  // The options go into a file, because every user of the machine can read arguments and one option is the password.
  writeFileSync(
    configFile,
    [
      `port ${port}`,
      'bind 127.0.0.1',
      `requirepass ${options.password}`,
      `dir "${options.folder}"`,
      'appendonly yes',
      'save ""',
      'daemonize no',
    ].join('\n'),
    { mode: 0o600 },
  );
  const url = `redis://:${encodeURIComponent(options.password)}@127.0.0.1:${port}`;
  const server = await startServiceProcess(
    {
      name: 'Redis',
      command: options.program ?? findRedisProgram() ?? 'redis-server',
      args: [configFile],
      logFile: options.logFile,
      pidFile,
      cwd: options.folder,
      stopSteps: STOP_STEPS,
      signal: options.signal,
    },
    async () => {
      const store = createKeyValueStore(url);
      return store
        .ping()
        .then(
          () => true,
          () => false,
        )
        .finally(() => store.close());
    },
  );
  return { url, port, exited: server.exited, stop: server.stop };
}

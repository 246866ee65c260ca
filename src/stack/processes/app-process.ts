import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastLogLines, openLog } from './log-files';
import { stopProcess } from './process-table';
import { StartError } from '../../platform/startup/start-error';

export interface AppProcess {
  /** Resolves when the process has crashed too often to be restarted. */
  readonly gaveUp: Promise<StartError>;
  stop: () => Promise<void>;
  /** Restarts the process, which then runs the latest build. Resolves when the old process has ended. */
  restart: () => Promise<void>;
  /** Kills the process; a pending `stop` then resolves at once. */
  kill: () => void;
}

export interface AppProcessOptions {
  name: string;
  entry: string;
  env: NodeJS.ProcessEnv;
  logFile: string;
  graceMs: number;
  signal: AbortSignal;
  readyTimeoutMs?: number;
  /**
   * After more crashes than this within two minutes the process is not restarted again. Infinity: always restart.
   */
  maxCrashes?: number;
  /** Delay before the first restart; it doubles with each further restart in a row. */
  restartDelayMs?: number;
  /** Prints a line on the console. */
  say?: (line: string) => void;
}

const CRASH_WINDOW_MS = 120_000;
const MAX_DELAY_MS = 10_000;

/**
 * Starts one of our own processes, waits until it says `ready` over its channel, and starts it again when it dies
 * unasked. The channel is also its lifeline: when it closes, because we were killed, the process stops by itself.
 */
export async function startAppProcess(options: AppProcessOptions): Promise<AppProcess> {
  const { name, logFile, maxCrashes = 5, restartDelayMs = 500, say = console.error } = options;
  let child = launch(options);
  let isStopping = false;
  /** Aborted by a requested restart, which neither counts as a crash nor waits. */
  let requested = new AbortController();
  let giveUp: (error: StartError) => void;
  const gaveUp = new Promise<StartError>((resolve) => (giveUp = resolve));

  const crashes: number[] = [];
  /** Milliseconds until the next start; undefined when the process has crashed too often. */
  const delayAfterCrash = (reason: string): number | undefined => {
    crashes.push(Date.now());
    const recent = crashes.filter((time) => time > Date.now() - CRASH_WINDOW_MS).length;
    const window = `within ${CRASH_WINDOW_MS / 1_000} s`;
    const ended = `${name} (process ${child.pid}) has ended unasked: ${reason}`;
    if (recent > maxCrashes) {
      say(
        `${ended}, ${recent} times ${window} by now. ` +
          `It is not started again, and everything stops. Its log: ${logFile}`,
      );
      giveUp(crashError(`${name} crashed ${recent} times in a row (${reason})`, logFile));
      return undefined;
    }
    const delayMs = Math.min(restartDelayMs * 2 ** (recent - 1), MAX_DELAY_MS);
    const limit = Number.isFinite(maxCrashes) ? ` of at most ${maxCrashes}` : '';
    say(
      `${ended}. It is started again in ${delayMs / 1_000} s (restart ${recent}${limit} ${window}). ` +
        `Its log: ${logFile}`,
    );
    return delayMs;
  };

  const supervise = async () => {
    for (;;) {
      const reason = await endOf(child);
      if (isStopping) return;
      if (!requested.signal.aborted) {
        const delayMs = delayAfterCrash(reason);
        if (delayMs === undefined) return;
        await sleep(delayMs, undefined, { signal: requested.signal }).catch(() => undefined);
      }
      if (isStopping) return;
      requested = new AbortController();
      child = launch(options);
      void watchRestart(child);
    }
  };

  /** Kills a restarted process that does not become ready in time. One that ends early is handled by the loop above. */
  const watchRestart = async (restarted: ChildProcess) => {
    const outcome = await whenReady(restarted, options).then(
      () => 'ready',
      () => (hasEnded(restarted) ? 'ended' : 'hangs'),
    );
    if (isStopping) return;
    if (outcome === 'ready') say(`${name} is ready again (process ${restarted.pid})`);
    if (outcome === 'hangs') restarted.kill('SIGKILL');
  };

  const end = async () => {
    // An open IPC channel would keep an otherwise idle process alive.
    if (child.connected) child.disconnect();
    if (child.pid && !hasEnded(child))
      await stopProcess(child.pid, [
        ['SIGTERM', options.graceMs],
        ['SIGKILL', 5_000],
      ]);
  };
  const app: AppProcess = {
    gaveUp,
    stop: async () => {
      isStopping = true;
      await end();
    },
    restart: async () => {
      requested.abort();
      await end();
    },
    kill: () => {
      isStopping = true;
      child.kill('SIGKILL');
    },
  };
  try {
    await whenReady(child, options);
  } catch (error) {
    await app.stop();
    throw error;
  }
  void supervise();
  return app;
}

function launch({ entry, env, logFile }: AppProcessOptions): ChildProcess {
  const log = openLog(logFile);
  const child = spawn(process.execPath, ['--enable-source-maps', entry], {
    env,
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  return child;
}

const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null;

function endOf(child: ChildProcess): Promise<string> {
  const describe = (code: number | null, signal: string | null) =>
    signal ? `ended by ${signal}` : `exit code ${code}`;
  if (hasEnded(child)) return Promise.resolve(describe(child.exitCode, child.signalCode));
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(describe(code, signal)));
  });
}

async function whenReady(
  child: ChildProcess,
  { name, logFile, signal, readyTimeoutMs = 60_000 }: AppProcessOptions,
): Promise<void> {
  const ready = new Promise<'ready'>((resolve) =>
    child.on('message', (message) => message === 'ready' && resolve('ready')),
  );
  const timer = new AbortController();
  const timeout = sleep(readyTimeoutMs, `not ready within ${readyTimeoutMs / 1000} s`, {
    signal: AbortSignal.any([signal, timer.signal]),
  });
  try {
    const outcome = await Promise.race([ready, endOf(child), timeout]);
    if (outcome !== 'ready') throw crashError(`${name} does not start (${outcome})`, logFile);
  } finally {
    timer.abort();
  }
}

function crashError(message: string, logFile: string): StartError {
  return new StartError(`${message}. The end of ${logFile}:\n${lastLogLines(logFile)}`);
}

import { spawn } from 'node:child_process';
import { closeSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastLogLines, openLog } from './log-files';
import { stopProcess, type StopStep } from './process-table';
import { StartError } from '../../platform/startup/start-error';

export interface ServiceProcess {
  readonly pid: number;
  /** Resolves with the reason when the process has ended for any cause. */
  readonly exited: Promise<string>;
  stop: () => Promise<void>;
}

export interface ServiceProcessOptions {
  name: string;
  command: string;
  args: string[];
  logFile: string;
  pidFile?: string;
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  uid?: number;
  gid?: number;
  stopSteps: readonly StopStep[];
  signal?: AbortSignal;
}

/**
 * Starts a server in a process group of its own, so that Ctrl-C on the terminal does not stop it before the processes
 * that use it. Throws a StartError when it is not ready within `timeoutMs`.
 */
export async function startServiceProcess(
  options: ServiceProcessOptions,
  isReady: () => Promise<boolean>,
  timeoutMs = 60_000,
): Promise<ServiceProcess> {
  const log = openLog(options.logFile);
  const { command, args, cwd, env, uid, gid } = options;
  const child = spawn(command, args, {
    cwd,
    env: env ?? process.env,
    uid,
    gid,
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  if (options.pidFile && child.pid) writeFileSync(options.pidFile, `${child.pid}\n`);

  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ? `ended by ${signal}` : `exit code ${code}`));
  });
  const stop = async () => {
    if (!child.pid) return;
    await stopProcess(child.pid, options.stopSteps);
    await exited;
  };

  const failure = await untilReady({ exited, isReady, timeoutMs, signal: options.signal });
  if (failure === undefined) return { pid: child.pid ?? 0, exited, stop };
  await stop();
  options.signal?.throwIfAborted();
  throw new StartError(`${options.name} does not start: ${failure}\n${lastLogLines(options.logFile)}`.trimEnd());
}

/**
 * Undefined once the server is ready, otherwise the reason why it is not: it ended, the time is up, or `signal`
 * aborted.
 */
async function untilReady(wait: {
  exited: Promise<string>;
  isReady: () => Promise<boolean>;
  timeoutMs: number;
  signal: AbortSignal | undefined;
}): Promise<string | undefined> {
  let endReason: string | undefined;
  void wait.exited.then((reason) => (endReason = reason));
  const deadline = Date.now() + wait.timeoutMs;
  for (;;) {
    const isReady = await wait.isReady();
    // A process that has ended is not ready: another program's server may answer on the port it did not get.
    if (endReason !== undefined) return endReason;
    if (isReady) return undefined;
    if (wait.signal?.aborted) return 'aborted';
    if (Date.now() >= deadline) return `no answer within ${wait.timeoutMs / 1000} s`;
    await sleep(50);
  }
}

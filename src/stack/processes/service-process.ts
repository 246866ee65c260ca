import { spawn } from 'node:child_process';
import { closeSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastLogLines, openLog } from './log-files';
import { stopProcess, type StopStep } from './process-table';
import { StartError } from '../../platform/startup/start-error';

export interface ServiceProcess {
  readonly pid: number;
  /** Settles with the reason when the process has ended, whoever ended it. */
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
 * Starts a server in a process group of its own: Ctrl-C on the terminal must not reach it before those who use it have
 * stopped.
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

  let failure: string | undefined;
  void exited.then((reason) => (failure = reason));
  // Ready is only who lives: another's server may answer on the port that ours did not get.
  for (const end = Date.now() + timeoutMs; !(await isReady()) || failure !== undefined; await sleep(50)) {
    const isAborted = options.signal?.aborted === true;
    if (failure === undefined && Date.now() < end && !isAborted) continue;
    if (failure === undefined) await stop();
    options.signal?.throwIfAborted();
    throw new StartError(
      `${options.name} does not start: ${failure ?? `no answer within ${timeoutMs / 1000} s`}\n${lastLogLines(options.logFile)}`.trimEnd(),
    );
  }
  return { pid: child.pid ?? 0, exited, stop };
}

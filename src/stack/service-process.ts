import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stopProcess, type StopStep } from './process-table';

export interface ServiceProcess {
  readonly pid: number;
  /** Settles with the reason when the process has ended, whoever ended it. */
  readonly exited: Promise<string>;
  stop(): Promise<void>;
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
}

/** Keeps the log of the start before as `<name>.1.log`. */
export function openLog(logFile: string): number {
  mkdirSync(path.dirname(logFile), { recursive: true });
  if (existsSync(logFile)) renameSync(logFile, logFile.replace(/\.log$/, '.1.log'));
  return openSync(logFile, 'a', 0o600);
}

export function lastLogLines(logFile: string, count = 15): string {
  return existsSync(logFile) ? readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-count).join('\n') : '';
}

/** Starts a server in a process group of its own: Ctrl-C on the terminal must not reach it before those who use it have stopped. */
export async function startServiceProcess(options: ServiceProcessOptions, isReady: () => Promise<boolean>, timeoutMs = 60_000): Promise<ServiceProcess> {
  const log = openLog(options.logFile);
  const { command, args, cwd, env, uid, gid } = options;
  const child = spawn(command, args, { cwd, env: env ?? process.env, uid, gid, detached: true, stdio: ['ignore', log, log] });
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
  for (const end = Date.now() + timeoutMs; !(await isReady()); await sleep(50)) {
    if (failure === undefined && Date.now() < end) continue;
    if (failure === undefined) await stop();
    throw new Error(`${options.name} does not start: ${failure ?? `no answer within ${timeoutMs / 1000} s`}\n${lastLogLines(options.logFile)}`.trimEnd());
  }
  return { pid: child.pid ?? 0, exited, stop };
}

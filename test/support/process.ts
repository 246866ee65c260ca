import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';

const DIST = path.resolve(__dirname, '../../dist/src');

export interface TestProcess {
  child: ChildProcess;
  logText(): string;
  /** Sends SIGKILL, and waits for the exit. */
  kill(): Promise<void>;
  /** Sends SIGTERM, and waits for the exit. */
  stop(): Promise<void>;
}

/** Starts a built program (global-setup.ts has built the present sources), and waits for its `ready` message. */
export async function startProcess(
  file: 'worker/main.js' | 'api/server.js',
  env: NodeJS.ProcessEnv,
): Promise<TestProcess> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'taskloom-process-'));
  const logFile = path.join(folder, 'log');
  const log = openSync(logFile, 'a');
  const child = fork(path.join(DIST, file), {
    env: { ...process.env, LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  let lastText: string | undefined;
  const logText = () => lastText ?? readFileSync(logFile, 'utf8');
  child.once('exit', () => {
    lastText = logText();
    rmSync(folder, { recursive: true, force: true });
  });
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  };
  await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error(`${file} ended:\n${logText()}`))),
  ]);
  return { child, logText, kill: () => end('SIGKILL'), stop: () => end('SIGTERM') };
}

const WAIT_LIMIT_MS = 120_000;

/**
 * Calls `look` every 50 ms until it returns a truthy value; throws after `limitMs`. Jest does not stop a test that has
 * timed out, so that a wait without a limit would go on during the tests that follow.
 */
export async function waitFor<Value>(
  look: () => Promise<Value | undefined | null | false>,
  limitMs = WAIT_LIMIT_MS,
): Promise<Value> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const value = await look();
    if (value) return value;
    if (performance.now() > deadline)
      throw new Error(`Waited in vain for ${limitMs / 1_000} s; at last there was ${inspect(value)}`);
    await sleep(50);
  }
}

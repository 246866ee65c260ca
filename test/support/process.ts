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
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
  /** SIGTERM, and waits until it is gone. */
  stop(): Promise<void>;
}

/** Starts a built process of ours (`npm test` builds first), and waits for its `ready`. */
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
 * Looks every 50 ms until there is something to see. Jest fails a test whose time is over and does not stop it: a wait in
 * vain has to end by itself, or it goes on looking beside the tests that follow.
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

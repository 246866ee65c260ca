import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';

// A separate process group lets a stop reach npm's install scripts too. Windows has no process groups.
const hasGroups = process.platform !== 'win32';

/** Undefined for an exit code of 0. */
function failureOf(code, signal) {
  if (signal) return `ended by ${signal}`;
  return code === 0 ? undefined : `exit code ${code}`;
}

/**
 * Runs a command and holds its output back. It prints only a sign of life, and the output if the command fails. The
 * signal stops the command.
 */
export async function runLongStep(title, [command, ...args], cwd, signal) {
  signal?.throwIfAborted();
  const startedAt = Date.now();
  const seconds = () => `${Math.round((Date.now() - startedAt) / 1000)} s`;
  const isTerminal = process.stdout.isTTY;
  console.log(`${title} …`);
  const alive = setInterval(
    () => process.stdout.write(isTerminal ? `\r  ${seconds()} ` : `  ${title}: ${seconds()}\n`),
    isTerminal ? 1_000 : 10_000,
  );
  const output = [];
  let child;
  const stop = () => {
    try {
      if (child?.pid) process.kill(hasGroups ? -child.pid : child.pid, 'SIGTERM');
    } catch {
      // The process has just ended.
    }
  };
  try {
    child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], detached: hasGroups });
    signal?.addEventListener('abort', stop);
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(chunk));
    const reason = await new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('close', (code, signal) => resolve(failureOf(code, signal)));
    });
    signal?.throwIfAborted();
    if (reason) throw new Error(`${title} failed: ${reason}\n${Buffer.concat(output).toString().trimEnd()}`);
  } finally {
    signal?.removeEventListener('abort', stop);
    clearInterval(alive);
    if (isTerminal) process.stdout.write('\r\x1b[K');
  }
  console.log(`${title}: done in ${seconds()}`);
}

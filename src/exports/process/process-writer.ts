import { fork, type ChildProcess } from 'node:child_process';
import {
  unpackError,
  type ExportProcessSettings,
  type FromExportProcess,
  type ExportEnd,
  type ToExportProcess,
} from './process-messages';
import type { WriteFile } from '../file-writer';
import type { FileStore } from '../../platform/files/file-store';

/**
 * The old-space heap out of the 200 MB of the process. The program, buffers and young objects take the rest.
 * docs/performance.md has the measurements.
 */
const HEAP_MB = 96;
const YOUNG_MB = 4;
/** Time to end the statement and remove the file. A cancelled run must be recorded within five seconds. */
const ABORT_GRACE_MS = 1_500;
const STDERR_KEPT = 2_000;

export interface ProcessWriterDeps {
  /** The path of the built export-process.js. */
  program: string;
  settings: ExportProcessSettings;
  /** The environment of the process. It needs no variables of Taskloom. */
  env: NodeJS.ProcessEnv;
  files: Pick<FileStore, 'discard'>;
}

/** The process ended without sending an outcome. */
class ExportProcessError extends Error {
  override readonly name = 'ExportProcessError';
}

/**
 * Writes each file in a process of its own, so that a large export cannot exhaust the worker's memory. The process ends
 * when the worker does.
 */
export function createProcessWriter({ program, settings, env, files }: ProcessWriterDeps): WriteFile {
  return async (request, fileName, { signal, onProgress }) => {
    signal.throwIfAborted();
    const child = fork(program, [], {
      env,
      execArgv: [`--max-old-space-size=${HEAP_MB}`, `--max-semi-space-size=${YOUNG_MB}`],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    // A message that does not arrive needs no handling here: the end of the process shows it.
    const tell = (message: ToExportProcess) => void child.send(message, () => undefined);
    let outcome: ExportEnd | undefined;
    child.on('message', (message: FromExportProcess) => {
      if (message.kind !== 'progress') {
        outcome = message;
        // The process waits for this before it exits, so that its outcome is never lost.
        if (child.connected) child.disconnect();
      } else if (!signal.aborted) onProgress(message.rowsWritten, message.rowsTotal);
    });
    const ended = whenEnded(child);

    let deadline: NodeJS.Timeout | undefined;
    const abort = () => {
      tell({ kind: 'abort' });
      deadline = setTimeout(() => child.kill('SIGKILL'), ABORT_GRACE_MS);
    };
    signal.addEventListener('abort', abort, { once: true });
    tell({ kind: 'write', settings, request, fileName });
    const failure = await ended;
    signal.removeEventListener('abort', abort);
    clearTimeout(deadline);
    if (outcome?.kind === 'written') return outcome.file;
    // A process without an outcome could not remove its unfinished file.
    if (!outcome) await files.discard(fileName).catch(() => undefined);
    if (signal.aborted) throw signal.reason;
    throw outcome ? unpackError(outcome.error) : failure;
  };
}

/** Resolves when the process has ended, to the error to throw if it sent no outcome. */
async function whenEnded(child: ChildProcess): Promise<ExportProcessError> {
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-STDERR_KEPT)));
  // A child process emits no 'close' event after its channel was disconnected.
  const closed = new Promise((resolve) => child.stderr?.once('close', resolve));
  const how = await new Promise<string | Error>((resolve) => {
    // Also emitted for a message that could not be sent. Then there is a pid, and 'exit' follows.
    child.on('error', (error) => child.pid === undefined && resolve(error));
    child.once('exit', (code, signal) => resolve(signal ? `was ended by ${signal}` : `ended with code ${code}`));
  });
  if (typeof how !== 'string')
    return new ExportProcessError("The export's process could not be started", { cause: how });
  await closed;
  const why = stderr.includes('heap out of memory') ? `: its ${HEAP_MB} MB of heap were not enough` : '';
  return new ExportProcessError(
    `The export's process ${how} before its file was whole${why}`,
    stderr ? { cause: new Error(stderr) } : {},
  );
}

import { fork, type ChildProcess } from 'node:child_process';
import {
  unpackError,
  type ExportProcessSettings,
  type FromExportProcess,
  type Outcome,
  type ToExportProcess,
} from './process-messages';
import type { WriteFile } from '../file-writer';
import type { FileStore } from '../../platform/files/file-store';

/**
 * Of the process's 200 MB; the program itself, buffers and young objects take the rest. docs/performance.md has the
 * figures.
 */
const HEAP_MB = 96;
const YOUNG_MB = 4;
/** To end its statement and remove its file; a cancelled run has to be recorded within five seconds. */
const ABORT_GRACE_MS = 1_500;
const STDERR_KEPT = 2_000;

export interface ProcessWriterDeps {
  /** The built export-process. */
  program: string;
  settings: ExportProcessSettings;
  /** Of the process. Our own variables need not be in it. */
  env: NodeJS.ProcessEnv;
  files: Pick<FileStore, 'discard'>;
}

/** The process is gone, and has not said why. */
class ExportProcessError extends Error {
  override readonly name = 'ExportProcessError';
}

/**
 * Writes each file in a process of its own, so that the worker's memory is not at stake. It lives no longer than the
 * worker.
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
    // Whether a message arrived is told by what the process does next.
    const tell = (message: ToExportProcess) => void child.send(message, () => undefined);
    let outcome: Outcome | undefined;
    child.on('message', (message: FromExportProcess) => {
      if (message.kind !== 'progress') {
        outcome = message;
        // It stays until then, so that its last words are never lost.
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
    // Whoever could not end by himself has left what he was writing.
    if (!outcome) await files.discard(fileName).catch(() => undefined);
    if (signal.aborted) throw signal.reason;
    throw outcome ? unpackError(outcome.error) : failure;
  };
}

/** Answers what there is to say of its end where it has said nothing itself. */
async function whenEnded(child: ChildProcess): Promise<ExportProcessError> {
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-STDERR_KEPT)));
  // The process's own 'close' never comes once its channel was disconnected.
  const closed = new Promise((resolve) => child.stderr?.once('close', resolve));
  const how = await new Promise<string | Error>((resolve) => {
    // Also told of a message that did not arrive; then the end is still to come.
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

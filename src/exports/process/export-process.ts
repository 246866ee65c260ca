import { createFileStore } from '../../platform/files/create-file-store';
import { connectClient } from '../../platform/postgres/postgres-client';
import { createExportSourceRepository } from '../../storage/exports/export-source-repository';
import { createFileWriter, type WrittenFile } from '../file-writer';
import { packError, type FromExportProcess, type ToExportProcess } from './process-messages';

/** Time to end the statement and remove the file after the worker has died. */
const LAST_GRACE_MS = 3_000;
/** Often enough for the worker, which passes on one progress message a second. */
const PROGRESS_EVERY_MS = 250;

/**
 * The process of one export. A worker starts it, sends it the request, and receives progress and outcome. Its imports
 * are kept few, so that it starts fast and needs little memory.
 */
function main(): void {
  if (!process.send) {
    process.stderr.write('An export is started by a worker: create a config of the type DATA_EXPORT\n');
    process.exit(1);
  }
  const stop = new AbortController();
  let isOver = false;
  const tell = (message: FromExportProcess) =>
    void (process.connected && process.send?.(message, undefined, undefined, () => undefined));
  let toldAt = -Infinity;
  const tellProgress = (rowsWritten: number, rowsTotal: number) => {
    if (performance.now() - toldAt < PROGRESS_EVERY_MS && rowsWritten < rowsTotal) return;
    toldAt = performance.now();
    tell({ kind: 'progress', rowsWritten, rowsTotal });
  };
  const end = (outcome: FromExportProcess) => {
    isOver = true;
    tell(outcome);
    if (!process.connected) process.exit(1);
  };

  // A signal to a process group or container reaches the worker and this process. The worker decides when the export
  // ends, because it may give running tasks time to complete.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  process.on('uncaughtException', (error) => end({ kind: 'failed', error: packError(error) }));
  process.on('message', (message: ToExportProcess) => {
    if (message.kind === 'abort') return stop.abort(new Error('The export was aborted'));
    write(message, stop.signal, tellProgress).then(
      (file) => end({ kind: 'written', file }),
      (error: unknown) => end({ kind: 'failed', error: packError(error) }),
    );
  });
  process.on('disconnect', () => {
    if (isOver) process.exit();
    stop.abort(new Error('The worker is gone'));
    setTimeout(() => process.exit(1), LAST_GRACE_MS);
  });
}

function write(
  { settings, request, fileName }: Extract<ToExportProcess, { kind: 'write' }>,
  signal: AbortSignal,
  onProgress: (rowsWritten: number, rowsTotal: number) => void,
): Promise<WrittenFile> {
  const sources = createExportSourceRepository({
    connect: () => connectClient({ url: settings.databaseUrl, applicationName: 'taskloom-export' }),
  });
  return createFileWriter({ sources, files: createFileStore(settings.files) })(request, fileName, {
    signal,
    onProgress,
  });
}

main();

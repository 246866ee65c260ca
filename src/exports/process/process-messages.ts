import type { WrittenFile } from '../file-writer';
import type { FileStoreSettings } from '../../platform/files/create-file-store';
import type { ExportRequest } from '../../tasks/ports/exports';

/**
 * The services that the process connects to. They are sent in a message, because every user can read a command line.
 */
export interface ExportProcessSettings {
  databaseUrl: string;
  files: FileStoreSettings;
}

export type ToExportProcess =
  { kind: 'write'; settings: ExportProcessSettings; request: ExportRequest; fileName: string } | { kind: 'abort' };
export type ExportEnd = { kind: 'written'; file: WrittenFile } | { kind: 'failed'; error: PackedError };
export type FromExportProcess = { kind: 'progress'; rowsWritten: number; rowsTotal: number } | ExportEnd;

/** The parts of an error that decide about a retry, and those that people read. */
export interface PackedError {
  name: string;
  message: string;
  stack?: string;
  code?: string;
  cause?: PackedError;
}

/** An error that is sent between processes as it is would lose its name and its code. */
export function packError(error: unknown): PackedError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { name, message, stack, cause } = error;
  const { code } = error as { code?: unknown };
  return {
    name,
    message,
    stack,
    ...(typeof code === 'string' && { code }),
    ...(cause instanceof Error && { cause: packError(cause) }),
  };
}

export function unpackError({ message, cause, ...rest }: PackedError): Error {
  return Object.assign(new Error(message, cause && { cause: unpackError(cause) }), rest);
}

import type { WrittenFile } from '../file-writer';
import type { FileStoreSettings } from '../../platform/files/create-file-store';
import type { ExportRequest } from '../../tasks/ports/exports';

/** What the process connects to. It comes in a message, since everybody may read a command line. */
export interface ExportProcessSettings {
  databaseUrl: string;
  files: FileStoreSettings;
}

export type ToExportProcess =
  { kind: 'write'; settings: ExportProcessSettings; request: ExportRequest; fileName: string } | { kind: 'abort' };
export type Outcome = { kind: 'written'; file: WrittenFile } | { kind: 'failed'; error: PackedError };
export type FromExportProcess = { kind: 'progress'; rowsWritten: number; rowsTotal: number } | Outcome;

/** What decides whether an error is worth another attempt, and what people read of it. */
export interface PackedError {
  name: string;
  message: string;
  stack?: string;
  code?: string;
  cause?: PackedError;
}

/** Between processes an error would lose its name and its code. */
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

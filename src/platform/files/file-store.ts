import type { Readable } from 'node:stream';

/** A place for files, with one flat list of names. */
export interface FileStore {
  readonly storage: 'local' | 's3';
  /** Stores a file whole or not at all and replaces one of that name. Resolves once the file would survive a crash. */
  write(name: string, content: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void>;
  /** The range includes both of its ends. Throws FileMissingError. */
  read(name: string, range?: { start: number; end: number }): Promise<Readable>;
  /** False when there was no such file. */
  remove(name: string): Promise<boolean>;
  /** Removes the leftovers of broken-off writes of this name. A write that is still in progress will fail. */
  discard(name: string): Promise<void>;
  /** Removes the leftovers of writes that broke off before this time. Returns their number. */
  sweep(brokenOffBefore: Date, isDryRun: boolean): Promise<number>;
}

/** The API maps the `code` to a response. */
export class FileMissingError extends Error {
  override readonly name = 'FileMissingError';
  readonly code = 'file_missing';
  constructor(file: string) {
    super(`There is no file ${file}`);
  }
}
export class FileStoreFullError extends Error {
  override readonly name = 'FileStoreFullError';
}

/** Throws for names that would lead out of the folder. Names come from this program, so that is a programming error. */
export function checkFileName(name: string): string {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,119}$/.test(name)) throw new Error(`Not a file name: ${JSON.stringify(name)}`);
  return name;
}

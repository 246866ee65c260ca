import type { Readable } from 'node:stream';

/** A place for files, with one flat list of names. */
export interface FileStore {
  readonly storage: 'local' | 's3';
  /** Takes a file whole or not at all, in place of one of that name. Answers once it would survive a crash. */
  write(name: string, content: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void>;
  /** Both ends of the range belong to it. Throws FileMissingError. */
  read(name: string, range?: { start: number; end: number }): Promise<Readable>;
  /** False when there was none. */
  remove(name: string): Promise<boolean>;
  /** Removes what writes of this name that broke off have left. One that is still at work can no longer end well. */
  discard(name: string): Promise<void>;
  /** What writes that broke off before then have left. Answers how many there were. */
  sweep(brokenOffBefore: Date, isDryRun: boolean): Promise<number>;
}

export class FileMissingError extends Error {
  override readonly name = 'FileMissingError';
  constructor(file: string) {
    super(`There is no file ${file}`);
  }
}
export class FileStoreFullError extends Error {
  override readonly name = 'FileStoreFullError';
}

/** Names come from this program alone; whatever else gets here must not lead out of the folder. */
export function checkFileName(name: string): string {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,119}$/.test(name)) throw new Error(`Not a file name: ${JSON.stringify(name)}`);
  return name;
}

import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Client } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { BackupFile } from '../backup-manifest';

export interface WriteStep {
  signal: AbortSignal;
  onBytes: (bytes: number) => void;
}

/** Writes a stream into a new file that only its owner may read. Resolves when the file is flushed to the disk. */
export async function writeFile(
  place: string,
  name: string,
  source: Readable,
  { signal, onBytes }: WriteStep,
  compression: 'gzip' | 'none',
): Promise<BackupFile> {
  const hash = createHash('sha256');
  let bytes = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      onBytes(chunk.length);
      done(null, chunk);
    },
  });
  const file = createWriteStream(path.join(place, name), { flags: 'wx', mode: 0o600, flush: true });
  await (compression === 'gzip'
    ? pipeline(source, createGzip(), measure, file, { signal })
    : pipeline(source, measure, file, { signal }));
  return { name, bytes, sha256: hash.digest('hex') };
}

/** Writes the rows of a query in the text format of COPY, compressed with gzip. */
export async function copyToFile(
  client: Client,
  query: string,
  place: string,
  name: string,
  step: WriteStep,
): Promise<{ rows: number; file: BackupFile }> {
  const copy = client.query(copyTo(`copy (${query}) to stdout`));
  const file = await writeFile(place, name, copy, step, 'gzip');
  return { rows: copy.rowCount, file };
}

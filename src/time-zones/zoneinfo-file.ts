import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import { tzifOf } from './tzif';
import { rulesVersion, zoneNames } from './zone-rules';

/** Any fixed time makes the same rules the same file. */
const ENTRY_TIME = new Date('2000-01-01T00:00:00Z');

/**
 * Writes the rules of all zones as the file that a program written in Go takes from its variable ZONEINFO. The file
 * appears whole or not at all.
 */
export async function writeZoneInfo(file: string): Promise<void> {
  const unfinished = `${file}.${process.pid}.part`;
  await mkdir(path.dirname(file), { recursive: true });
  const zip = new ZipFile();
  // Go reads no compressed entries.
  for (const zone of zoneNames()) zip.addBuffer(tzifOf(zone), zone, { compress: false, mtime: ENTRY_TIME });
  zip.end();
  try {
    await pipeline(zip.outputStream, createWriteStream(unfinished));
    await rename(unfinished, file);
  } finally {
    await rm(unfinished, { force: true });
  }
}

/** The file in a folder with the rules of this release, which is written once. */
export async function provideZoneInfo(folder: string): Promise<string> {
  const file = path.join(folder, `zoneinfo-${rulesVersion}.zip`);
  if (!existsSync(file)) await writeZoneInfo(file);
  return file;
}

import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { BackupFolderError, RestoreRefusedError } from './backup-error';
import { filesOf, FORMAT_VERSION, manifestSchema, type Manifest } from './backup-manifest';
import { isBackupName, isPart, isPartOf, partName } from './backup-names';
import { DAY_MS } from '../shared/durations';

const MANIFEST = 'manifest.json';
/** In the format of sha256sum, so that `sha256sum --check SHA256SUMS` works too. */
const SUMS = 'SHA256SUMS';
/** A hidden folder without a write for this long belongs to a process that died. */
const ABANDONED_AFTER_MS = DAY_MS;

export interface StoredBackup {
  manifest: Manifest;
  /** The checksum of the file of checksums, and so of all files. */
  sha256: string;
  bytes: number;
}

export type BackupFolder = ReturnType<typeof createBackupFolder>;

const isMissing = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOENT';
const sha256 = (text: string | Buffer) => createHash('sha256').update(text).digest('hex');

/**
 * A folder with one subfolder for each backup. A subfolder has a hidden name while it is written or removed, and gets
 * the name of the backup only when it is complete.
 */
export function createBackupFolder(folder: string) {
  const placeOf = (name: string) => path.join(folder, name);
  const entries = async () =>
    (await readdir(folder).catch((error: unknown) => (isMissing(error) ? [] : Promise.reject(error as Error)))).sort();

  /** The backup of that name, or undefined. Throws when its manifest is damaged or of another format. */
  async function read(name: string): Promise<StoredBackup | undefined> {
    if (!isBackupName(name)) return undefined;
    const sums = await readFile(path.join(placeOf(name), SUMS), 'utf8').catch((error: unknown) =>
      isMissing(error) ? undefined : Promise.reject(error as Error),
    );
    if (sums === undefined) return undefined;
    const text = await readFile(path.join(placeOf(name), MANIFEST));
    if (!sums.split('\n').includes(`${sha256(text)}  ${MANIFEST}`))
      throw new RestoreRefusedError(`${name}: ${MANIFEST} is damaged, its checksum is another`);
    const json = JSON.parse(text.toString()) as { format_version?: unknown };
    if (json.format_version !== FORMAT_VERSION)
      throw new RestoreRefusedError(
        `${name}: it has format ${String(json.format_version)}, this Taskloom reads format ${FORMAT_VERSION}`,
      );
    const manifest = manifestSchema.parse(json);
    if (manifest.name !== name) throw new RestoreRefusedError(`${name}: its manifest is that of ${manifest.name}`);
    return {
      manifest,
      sha256: sha256(sums),
      bytes: filesOf(manifest).reduce((sum, { bytes }) => sum + bytes, text.length + sums.length),
    };
  }

  /** Compares only the sizes of the files; `verify` reads them. */
  async function hasAllFiles({ manifest }: StoredBackup): Promise<boolean> {
    const sizes = await Promise.all(
      filesOf(manifest).map(
        async ({ name, bytes }) =>
          (await stat(path.join(placeOf(manifest.name), name)).catch(() => undefined))?.size === bytes,
      ),
    );
    return sizes.every(Boolean);
  }

  async function verifyIn(place: string, manifest: Manifest, signal: AbortSignal): Promise<void> {
    for (const file of filesOf(manifest)) {
      const hash = createHash('sha256');
      try {
        for await (const chunk of createReadStream(path.join(place, file.name), { signal }))
          hash.update(chunk as Buffer);
      } catch (error) {
        signal.throwIfAborted();
        throw isMissing(error) ? new RestoreRefusedError(`${manifest.name}: ${file.name} is missing`) : error;
      }
      if (hash.digest('hex') !== file.sha256)
        throw new RestoreRefusedError(`${manifest.name}: ${file.name} is damaged, its checksum is another`);
    }
  }

  return {
    path: folder,
    placeOf,
    read,
    hasAllFiles,
    verify: ({ manifest }: StoredBackup, signal: AbortSignal) => verifyIn(placeOf(manifest.name), manifest, signal),

    /** Newest first. `faults` has a message for each backup that cannot be read. */
    async list(): Promise<{ backups: StoredBackup[]; faults: string[] }> {
      const backups: StoredBackup[] = [];
      const faults: string[] = [];
      for (const name of (await entries()).filter(isBackupName)) {
        try {
          const backup = await read(name);
          if (backup) backups.push(backup);
          else faults.push(`${name}: it has no ${SUMS}`);
        } catch (error) {
          faults.push(error instanceof RestoreRefusedError ? error.message : `${name}: ${(error as Error).message}`);
        }
      }
      return {
        backups: backups.sort((a, b) => Date.parse(b.manifest.created_at) - Date.parse(a.manifest.created_at)),
        faults,
      };
    },

    /**
     * Makes a hidden folder and lets `write` fill it. The folder becomes the backup after `write` has returned the
     * manifest and every file was read again and matched its checksum. On any failure the folder is removed. The folder
     * of an earlier attempt is removed first, so that an attempt which still runs elsewhere fails.
     */
    async write(name: string, signal: AbortSignal, write: (place: string) => Promise<Manifest>): Promise<StoredBackup> {
      const place = placeOf(partName(name, randomUUID()));
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        for (const entry of (await entries()).filter((each) => isPartOf(each, name)))
          await rm(placeOf(entry), { recursive: true, force: true });
        await mkdir(place, { mode: 0o700 });
        const manifest = await write(place);
        const text = `${JSON.stringify(manifest, null, 2)}\n`;
        await writeSynced(path.join(place, MANIFEST), text);
        const sums = [...filesOf(manifest), { name: MANIFEST, sha256: sha256(text) }]
          .map((file) => `${file.sha256}  ${file.name}\n`)
          .join('');
        await writeSynced(path.join(place, SUMS), sums);
        await verifyIn(place, manifest, signal);
        await syncFolder(place);
        signal.throwIfAborted();
        await rename(place, placeOf(name));
        await syncFolder(folder);
      } catch (error) {
        await rm(place, { recursive: true, force: true });
        throw toFolderError(error, folder);
      }
      const stored = await read(name);
      if (!stored) throw new Error(`${name} is gone as soon as it was written`);
      return stored;
    },

    /** Renames the folder first, so that a backup whose files are removed only in part is not listed. */
    async remove(name: string): Promise<void> {
      const place = placeOf(partName(name, randomUUID()));
      await rename(placeOf(name), place);
      await rm(place, { recursive: true, force: true });
    },

    /** Removes hidden folders that killed processes left behind. */
    async sweep(now = Date.now()): Promise<void> {
      for (const entry of (await entries()).filter(isPart)) {
        const files = await readdir(placeOf(entry)).catch(() => []);
        const times = await Promise.all(
          [placeOf(entry), ...files.map((file) => path.join(placeOf(entry), file))].map(
            async (each) => (await stat(each).catch(() => undefined))?.mtimeMs ?? 0,
          ),
        );
        if (Math.max(...times) < now - ABANDONED_AFTER_MS) await rm(placeOf(entry), { recursive: true, force: true });
      }
    },
  };
}

async function writeSynced(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes the names of the files survive a crash. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}

const REASONS: Record<string, string> = {
  ENOSPC: 'no room is left',
  EDQUOT: 'the quota is used up',
  EFBIG: 'files may not become so large',
  EACCES: 'we may not write there',
  EROFS: 'it can only be read',
  ENOTDIR: 'it is no folder',
};

function toFolderError(error: unknown, folder: string): unknown {
  const reason = REASONS[(error as NodeJS.ErrnoException).code ?? ''];
  return reason
    ? new BackupFolderError(`The backup was not written to ${folder}: ${reason}; nothing of it was kept`, {
        cause: error,
      })
    : error;
}

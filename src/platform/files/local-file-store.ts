import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { checkFileName, FileMissingError, FileStoreFullError, type FileStore } from './file-store';

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const PART = /^\..+\.part$/;

const isCode = (error: unknown, ...codes: string[]) => codes.includes((error as NodeJS.ErrnoException).code ?? '');

/** A folder that writers and readers share. Until a file is whole, it is a hidden `.<name>.<id>.part`. */
export function createLocalFileStore(folder: string): FileStore {
  const placeOf = (name: string) => path.join(folder, checkFileName(name));
  const parts = async () =>
    (await readdir(folder).catch((error: unknown) => (isCode(error, 'ENOENT') ? [] : Promise.reject(error as Error))))
      .filter((entry) => PART.test(entry))
      .map((entry) => path.join(folder, entry));

  /** An older attempt that is still in progress fails too, because the file that it would rename is gone. */
  async function removePartsOf(name: string): Promise<void> {
    for (const part of await parts()) if (path.basename(part).startsWith(`.${name}.`)) await rm(part, { force: true });
  }

  return {
    storage: 'local',

    async write(name, content, signal) {
      const place = placeOf(name);
      const part = path.join(folder, `.${name}.${randomUUID()}.part`);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await removePartsOf(name);
      try {
        const file = await open(part, 'wx', 0o600);
        try {
          for await (const chunk of content) {
            signal.throwIfAborted();
            for (let offset = 0; offset < chunk.length;) offset += (await file.write(chunk, offset)).bytesWritten;
          }
          signal.throwIfAborted();
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(part, place);
        await syncFolder(folder);
      } catch (error) {
        await rm(part, { force: true });
        throw FULL.has((error as NodeJS.ErrnoException).code ?? '')
          ? new FileStoreFullError(`No room is left in ${folder} for ${name}; nothing of it was kept`, { cause: error })
          : error;
      }
    },

    async read(name, range) {
      const file = await open(placeOf(name), 'r').catch((error: unknown) => {
        throw isCode(error, 'ENOENT') ? new FileMissingError(name) : error;
      });
      return file.createReadStream(range);
    },

    async remove(name) {
      return unlink(placeOf(name)).then(
        () => true,
        (error: unknown) => (isCode(error, 'ENOENT') ? false : Promise.reject(error as Error)),
      );
    },

    discard: async (name) => removePartsOf(checkFileName(name)),

    async sweep(brokenOffBefore, isDryRun) {
      let found = 0;
      for (const part of await parts()) {
        const written = await stat(part).catch(() => undefined);
        if (!written || written.mtime >= brokenOffBefore) continue;
        found += 1;
        if (!isDryRun) await rm(part, { force: true });
      }
      return found;
    },
  };
}

/** Syncs the folder, so that the new name survives a crash. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}

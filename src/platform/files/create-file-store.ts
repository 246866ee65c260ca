import { createLocalFileStore } from './local-file-store';
import { createS3FileStore, type S3Settings } from './s3-file-store';
import type { FileStore } from './file-store';

/** A bucket, or a folder. */
export type FileStoreSettings = { s3: S3Settings } | { folder: string };

/** Where exports lie. Worker and API must be configured alike. */
export function createFileStore(settings: FileStoreSettings): FileStore {
  return 's3' in settings ? createS3FileStore(settings.s3) : createLocalFileStore(settings.folder);
}

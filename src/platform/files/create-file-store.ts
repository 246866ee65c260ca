import { exportFolder, s3Settings, type Config } from '../config';
import { createLocalFileStore } from './local-file-store';
import { createS3FileStore } from './s3-file-store';
import type { FileStore } from './file-store';

/** Where exports are: worker and API have to be told the same. */
export function createFileStore(config: Config): FileStore {
  const s3 = s3Settings(config);
  return s3 ? createS3FileStore(s3) : createLocalFileStore(exportFolder(config));
}

import type { WriteFile } from './file-writer';
import type { FileStore } from '../platform/files/file-store';
import type { ExportRepository } from '../storage/exports/export-repository';

export interface ExportDeps {
  writeFile: WriteFile;
  records: ExportRepository;
  files: FileStore;
  /** For requests that do not set their own. */
  expiresInDays: number;
}

/** The backup cannot be made as requested. A retry would fail for the same reason. */
export class BackupUnavailableError extends Error {
  override readonly name = 'BackupUnavailableError';
  readonly isPermanent = true;
}

/** The folder is full or cannot be written to. No part of the backup was kept. */
export class BackupFolderError extends Error {
  override readonly name = 'BackupFolderError';
}

/** The backup is damaged, or does not fit the database that it is restored into. Nothing was changed. */
export class RestoreRefusedError extends Error {
  override readonly name = 'RestoreRefusedError';
}

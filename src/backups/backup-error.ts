/** A reason that another try would meet again. */
export class BackupUnavailableError extends Error {
  override readonly name = 'BackupUnavailableError';
}

/** No room, or nowhere to write: nothing of the backup was kept. */
export class BackupFolderError extends Error {
  override readonly name = 'BackupFolderError';
}

/** A backup that is damaged, or that does not fit where it is to be restored. Nothing was changed. */
export class RestoreRefusedError extends Error {
  override readonly name = 'RestoreRefusedError';
}

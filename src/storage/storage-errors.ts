/** The errors that storage throws on purpose. The API maps each `code` to a response. */
export type StorageError = BadCursorError | EmailTakenError | UsernameTakenError | LastAdminError | TooManyApiKeysError;

/** The cursor of a paged list is malformed, or belongs to another list. */
export class BadCursorError extends Error {
  override readonly name = 'BadCursorError';
  readonly code = 'bad_cursor';
  constructor(readonly cursor: string) {
    super('The cursor is not one of this list');
  }
}

export class EmailTakenError extends Error {
  override readonly name = 'EmailTakenError';
  readonly code = 'email_taken';
}

export class UsernameTakenError extends Error {
  override readonly name = 'UsernameTakenError';
  readonly code = 'username_taken';
}

/** The change would leave the installation without an active admin. */
export class LastAdminError extends Error {
  override readonly name = 'LastAdminError';
  readonly code = 'last_admin';
}

export class TooManyApiKeysError extends Error {
  override readonly name = 'TooManyApiKeysError';
  readonly code = 'too_many_api_keys';
}

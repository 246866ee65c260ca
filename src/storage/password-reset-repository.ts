import type { Database } from '../platform/postgres';

export type PasswordResetRepository = ReturnType<typeof createPasswordResetRepository>;

/** Tokens that let somebody set a password without knowing the old one. Only their hashes come here. */
export function createPasswordResetRepository(database: Database) {
  return {
    /** Makes all earlier ones of the user void. */
    async create(userId: number, tokenHash: string, lifetimeSeconds: number): Promise<void> {
      await database.transaction(async (transaction) => {
        // Two at once would each miss the other's row.
        await transaction('users').where({ id: userId }).forUpdate().select('id');
        await transaction('password_resets').where({ user_id: userId }).del();
        await transaction('password_resets').insert({ user_id: userId, token_hash: tokenHash, expires_at: transaction.raw("now() + ? * interval '1 second'", [lifetimeSeconds]) });
      });
    },

    /** Whose it is, if it can be used. */
    async findUser(tokenHash: string): Promise<number | undefined> {
      const row = await database('password_resets').where({ token_hash: tokenHash, used_at: null }).where('expires_at', '>', database.fn.now()).first<{ user_id: number } | undefined>('user_id');
      return row?.user_id;
    },

    /** Uses the token and sets the password, which ends all sessions, or does neither; for one of several callers. */
    async use(tokenHash: string, hashedPassword: string): Promise<number | undefined> {
      const { rows } = await database.raw<{ rows: { id: number }[] }>(
        `with used as (
           update password_resets set used_at = now() where token_hash = ? and used_at is null and expires_at > now() returning user_id
         )
         update users set hashed_password = ?, session_version = session_version + 1, updated_at = now()
         from used where users.id = used.user_id and users.is_active returning users.id`,
        [tokenHash, hashedPassword],
      );
      return rows[0]?.id;
    },
  };
}

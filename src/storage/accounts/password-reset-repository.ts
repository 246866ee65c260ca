import type { Database } from '../../platform/postgres/postgres';

/** What the mail of a reset needs: whose it is, and by which hash the link's token will be known. */
export interface ResetToMail {
  userId: number;
  email: string;
  username: string;
  fullName: string | null;
  tokenHash: string;
  /** An earlier try began and never said how it ended: the mail may be with the user already. */
  isUncertain: boolean;
}
export type MailClaim = { kind: 'live'; reset: ResetToMail } | { kind: 'mailed' | 'failed' | 'over' };

export type PasswordResetRepository = ReturnType<typeof createPasswordResetRepository>;

/** Tokens that let somebody set a password without knowing the old one. Only their hashes come here. */
export function createPasswordResetRepository(database: Database) {
  return {
    /** Makes all earlier ones of the user void. The row is the promise that its mail will be sent. */
    async create(userId: number, reset: { id: string; tokenHash: string }, lifetimeSeconds: number): Promise<void> {
      await database.transaction(async (transaction) => {
        // Two at once would each miss the other's row.
        await transaction('users').where({ id: userId }).forUpdate().select('id');
        await transaction('password_resets').where({ user_id: userId }).del();
        await transaction('password_resets').insert({
          user_id: userId,
          public_id: reset.id,
          token_hash: reset.tokenHash,
          expires_at: transaction.raw("now() + ? * interval '1 second'", [lifetimeSeconds]),
        });
      });
    },

    /** Marks its mail as being sent, if there is still a use for it: not used, not expired, not replaced by a newer one, of an active user. */
    async claimMail(id: string): Promise<MailClaim> {
      const { rows } = await database.raw<{
        rows: {
          user_id: number;
          email: string;
          username: string;
          full_name: string | null;
          token_hash: string;
          mail_state: string;
          is_live: boolean;
        }[];
      }>(
        `with before as (
           select resets.id, resets.user_id, resets.token_hash, resets.mail_state, email, username, full_name, used_at is null and expires_at > now() and is_active as is_live
           from password_resets resets join users on users.id = resets.user_id where public_id = ? for update of resets
         ), claimed as (
           update password_resets set mail_state = 'sending' from before where password_resets.id = before.id and is_live and before.mail_state in ('pending', 'sending')
         )
         select * from before`,
        [id],
      );
      const row = rows[0];
      if (!row) return { kind: 'over' };
      if (row.mail_state === 'sent') return { kind: 'mailed' };
      if (row.mail_state === 'failed') return { kind: 'failed' };
      if (!row.is_live) return { kind: 'over' };
      return {
        kind: 'live',
        reset: {
          userId: row.user_id,
          email: row.email,
          username: row.username,
          fullName: row.full_name,
          tokenHash: row.token_hash,
          isUncertain: row.mail_state === 'sending',
        },
      };
    },

    /** `pending`: certainly not sent, and to be tried again. */
    async endMail(id: string, state: 'pending' | 'sent' | 'failed'): Promise<void> {
      await database('password_resets')
        .where({ public_id: id })
        .update({ mail_state: state, ...(state === 'sent' ? { mailed_at: database.fn.now() } : {}) });
    },

    /** Those whose mail is still to be sent, the oldest first. */
    async listUnmailed(options: {
      createdBefore: Date;
      limit: number;
      afterId: number;
    }): Promise<{ id: number; publicId: string }[]> {
      return database('password_resets')
        .whereIn('mail_state', ['pending', 'sending'])
        .where({ used_at: null })
        .where('expires_at', '>', database.fn.now())
        .where('created_at', '<', options.createdBefore)
        .where('id', '>', options.afterId)
        .orderBy('id')
        .limit(options.limit)
        .select<{ id: number; publicId: string }[]>('id', 'public_id as publicId');
    },

    /** Whose it is, if it can be used. */
    async findUser(tokenHash: string): Promise<number | undefined> {
      const row = await database('password_resets')
        .where({ token_hash: tokenHash, used_at: null })
        .where('expires_at', '>', database.fn.now())
        .first<{ user_id: number } | undefined>('user_id');
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

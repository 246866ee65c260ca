import { rows } from '../sql/rows';
import type { Database } from '../../platform/postgres/postgres';

/** What the mail of a reset needs: its recipient, and the hash that the link's token has to match. */
export interface ResetToMail {
  userId: number;
  email: string;
  tokenHash: string;
  /** An earlier attempt began to send the mail and did not record the result: the user may already have it. */
  isUncertain: boolean;
}
export type MailClaim = { kind: 'live'; reset: ResetToMail } | { kind: 'mailed' | 'failed' | 'over' };

interface ClaimedRow {
  user_id: number;
  email: string;
  token_hash: string;
  mail_state: string;
  is_live: boolean;
}

const CLAIM = `
  with before as (
    select resets.id, resets.user_id, resets.token_hash, resets.mail_state, email,
      used_at is null and expires_at > now() and is_active as is_live
    from password_resets resets join users on users.id = resets.user_id
    where public_id = :id for update of resets
  ),
  claimed as (
    update password_resets set mail_state = 'sending' from before
    where password_resets.id = before.id and is_live and before.mail_state in ('pending', 'sending')
  )
  select * from before`;

const USE = `
  with used as (
    update password_resets set used_at = now()
    where token_hash = :tokenHash and used_at is null and expires_at > now() returning user_id
  )
  update users set hashed_password = :hashedPassword, session_version = session_version + 1, updated_at = now()
  from used where users.id = used.user_id and users.is_active returning users.id`;

export type PasswordResetRepository = ReturnType<typeof createPasswordResetRepository>;

/** Tokens that let a user set a password without the old one. Only their hashes are stored. */
export function createPasswordResetRepository(database: Database) {
  return {
    /** Invalidates all earlier resets of the user. Once the row exists, its mail will be sent. */
    async create(userId: number, reset: { id: string; tokenHash: string }, lifetimeSeconds: number): Promise<void> {
      await database.transaction(async (transaction) => {
        // Without the lock, two simultaneous calls would each miss the other's row.
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

    /**
     * Marks the reset's mail as being sent, if the reset is live: not used, not expired, not replaced by a newer one,
     * of an active user.
     */
    async claimMail(id: string): Promise<MailClaim> {
      const [row] = await rows<ClaimedRow>(database, CLAIM, { id });
      if (!row) return { kind: 'over' };
      if (row.mail_state === 'sent') return { kind: 'mailed' };
      if (row.mail_state === 'failed') return { kind: 'failed' };
      if (!row.is_live) return { kind: 'over' };
      return {
        kind: 'live',
        reset: {
          userId: row.user_id,
          email: row.email,
          tokenHash: row.token_hash,
          isUncertain: row.mail_state === 'sending',
        },
      };
    },

    /** `pending`: certainly not sent, to be tried again. */
    async endMail(id: string, state: 'pending' | 'sent' | 'failed'): Promise<void> {
      await database('password_resets')
        .where({ public_id: id })
        .update({ mail_state: state, ...(state === 'sent' ? { mailed_at: database.fn.now() } : {}) });
    },

    /** Live resets whose mail is still to be sent, the oldest first. */
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

    /** The id of the token's user; undefined when the token cannot be used. */
    async findUser(tokenHash: string): Promise<number | undefined> {
      const row = await database('password_resets')
        .where({ token_hash: tokenHash, used_at: null })
        .where('expires_at', '>', database.fn.now())
        .first<{ user_id: number } | undefined>('user_id');
      return row?.user_id;
    },

    /**
     * Uses the token and sets the password, which ends all sessions, or does neither. Of several simultaneous callers
     * one succeeds.
     */
    async use(tokenHash: string, hashedPassword: string): Promise<number | undefined> {
      const [user] = await rows<{ id: number }>(database, USE, { tokenHash, hashedPassword });
      return user?.id;
    },
  };
}

import { randomUUID } from 'node:crypto';
import { UnavailableError } from '../../errors';
import { hashToken, type TokenService } from './token-service';
import type { KeyValueStore } from '../../../platform/key-value-store/key-value-store';
import type { User } from '../../../storage/accounts/user';
import type { TokenPair } from '../../schemas/auth-schemas';

/**
 * One login. Of its successive refresh tokens only the newest is valid.
 * Times are in seconds since the epoch, except `refreshedAtMs`.
 */
export interface Session {
  userId: number;
  /** The user's session version at the login. */
  version: number;
  createdAt: number;
  /** Absolute: refreshing does not extend it. */
  expiresAt: number;
  refreshedAtMs: number | null;
  refreshHash: string;
  userAgent: string | null;
  address: string;
}
export interface ClientInfo {
  address: string;
  userAgent: string | undefined;
}

/** Longer than the store's own timeouts. */
const EXCHANGE_WITHIN_MS = 5_000;
const MAX_USER_AGENT_LENGTH = 300;
const nowSeconds = () => Math.floor(Date.now() / 1000);
const sessionKey = (sid: string) => `auth:session:${sid}`;
const indexKey = (userId: number) => `auth:user-sessions:${userId}`;

/** Without the store a token is neither valid nor invalid: the answer is 503. */
const orUnavailable = <Answer>(answer: Promise<Answer>): Promise<Answer> =>
  answer.catch((error: unknown) => {
    throw new UnavailableError('Sessions cannot be looked up: Redis does not answer', error);
  });

export type SessionService = ReturnType<typeof createSessionService>;

/** Session records live in the store. A new session version in the user's row ends all sessions of a user at once. */
export function createSessionService(deps: { store: KeyValueStore; lifetimeSeconds: number }) {
  const { store, lifetimeSeconds } = deps;

  const read = async (sid: string): Promise<{ session: Session; text: string } | undefined> => {
    const text = await orUnavailable(store.get(sessionKey(sid)));
    return text === null ? undefined : { session: JSON.parse(text) as Session, text };
  };

  const toTokenPair = (
    sid: string,
    session: Session,
    refreshToken: string,
    accessSeconds: number,
    tokens: TokenService,
  ): TokenPair => {
    const access = tokens.issue(
      session.userId,
      'access_token',
      Math.min(accessSeconds, session.expiresAt - nowSeconds()),
      sid,
    );
    return {
      access_token: access.token,
      refresh_token: refreshToken,
      token_type: 'bearer',
      expires_at: access.expiresAt.toISOString(),
    };
  };

  const end = async (sid: string, userId: number): Promise<boolean> => {
    const wasThere = await orUnavailable(store.delete(sessionKey(sid)));
    await orUnavailable(store.removeMember(indexKey(userId), sid));
    return wasThere;
  };

  const idsOf = (userId: number) => orUnavailable(store.members(indexKey(userId)));

  return {
    end,

    async find(sid: string): Promise<Session | undefined> {
      return (await read(sid))?.session;
    },

    async start(
      user: Pick<User, 'id' | 'sessionVersion'>,
      client: ClientInfo,
      accessSeconds: number,
      tokens: TokenService,
    ): Promise<TokenPair> {
      const sid = randomUUID();
      const refresh = tokens.issue(user.id, 'refresh_token', lifetimeSeconds, sid);
      const session: Session = {
        userId: user.id,
        version: user.sessionVersion,
        createdAt: nowSeconds(),
        expiresAt: refresh.expiresAt.getTime() / 1000,
        refreshedAtMs: null,
        refreshHash: hashToken(refresh.token),
        userAgent: client.userAgent?.slice(0, MAX_USER_AGENT_LENGTH) ?? null,
        address: client.address,
      };
      await orUnavailable(store.set(sessionKey(sid), JSON.stringify(session), { ttlSeconds: lifetimeSeconds }));
      await orUnavailable(store.addMember(indexKey(user.id), sid, lifetimeSeconds));
      return toTokenPair(sid, session, refresh.token, accessSeconds, tokens);
    },

    /**
     * Exchanges the session's newest refresh token for the next one; undefined when the token cannot be exchanged.
     *
     * A replayed token was stolen, or its successor was, so it ends the session (`replayed`). The exception is a
     * request that arrived before the exchange that spent the token was complete: that client has merely sent it twice.
     * The time of completion is known only afterwards; until then the record carries a time in the future. Processes
     * compare their clocks here, so the clocks of all machines must agree.
     */
    async rotate(
      sid: string,
      presented: { token: string; arrivedAtMs: number },
      accessSeconds: number,
      tokens: TokenService,
    ): Promise<TokenPair | 'replayed' | undefined> {
      const found = await read(sid);
      if (!found) return undefined;
      const { session, text } = found;
      if (session.refreshHash !== hashToken(presented.token)) {
        if (presented.arrivedAtMs < (session.refreshedAtMs ?? 0)) return undefined;
        await end(sid, session.userId);
        return 'replayed';
      }
      const refresh = tokens.issue(session.userId, 'refresh_token', session.expiresAt - nowSeconds(), sid);
      const next: Session = {
        ...session,
        refreshHash: hashToken(refresh.token),
        refreshedAtMs: Date.now() + EXCHANGE_WITHIN_MS,
      };
      // Compare-and-set: of concurrent exchanges one succeeds, and none after the session was ended.
      const isOurs = await orUnavailable(store.replace(sessionKey(sid), text, JSON.stringify(next)));
      // Written before the answer leaves: a client that has the answer and sends the spent token is a replay.
      const isDone =
        isOurs &&
        (await orUnavailable(
          store.replace(sessionKey(sid), JSON.stringify(next), JSON.stringify({ ...next, refreshedAtMs: Date.now() })),
        ));
      return isDone ? toTokenPair(sid, next, refresh.token, accessSeconds, tokens) : undefined;
    },

    /** The valid sessions, newest first. */
    async list(user: User): Promise<{ sid: string; session: Session }[]> {
      const found = await Promise.all(
        (await idsOf(user.id)).map(async (sid) => ({ sid, session: (await read(sid))?.session })),
      );
      return found
        .flatMap(({ sid, session }) => (session?.version === user.sessionVersion ? [{ sid, session }] : []))
        .sort((one, other) => other.session.createdAt - one.session.createdAt);
    },

    /** Deletes the records of sessions that the user's new session version has ended already. */
    async deleteAll(userId: number): Promise<void> {
      for (const sid of await idsOf(userId)) await end(sid, userId);
    },
  };
}

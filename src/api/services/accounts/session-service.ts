import { randomUUID } from 'node:crypto';
import { UnavailableError } from '../../errors';
import { hashToken, type TokenService } from './token-service';
import type { KeyValueStore } from '../../../platform/key-value-store/key-value-store';
import type { User } from '../../../storage/accounts/user';
import type { TokenPair } from '../../schemas/auth-schemas';

/** One login. Its refresh tokens follow each other, and of all of them the newest alone is good. Times in seconds since the epoch, but for `refreshedAtMs`. */
export interface Session {
  userId: number;
  /** The user's session version at the login. */
  version: number;
  createdAt: number;
  /** The absolute end: refreshing does not move it. */
  expiresAt: number;
  refreshedAtMs: number | null;
  refreshHash: string;
  userAgent: string | null;
  address: string;
}
export interface Client {
  address: string;
  userAgent: string | undefined;
}

/** More than the store may take for its answers. */
const EXCHANGE_WITHIN_MS = 5_000;
const USER_AGENT_LENGTH = 300;
const nowSeconds = () => Math.floor(Date.now() / 1000);
const sessionKey = (sid: string) => `auth:session:${sid}`;
const indexKey = (userId: number) => `auth:user-sessions:${userId}`;

/** A token whose session cannot be looked up is neither good nor bad. */
const ask = <Answer>(answer: Promise<Answer>): Promise<Answer> =>
  answer.catch((error: unknown) => {
    throw new UnavailableError('Sessions cannot be looked up: Redis does not answer', error);
  });

export type SessionService = ReturnType<typeof createSessionService>;

/** Sessions live in the store; what ends all those of a user at once is the version in the user's row. */
export function createSessionService(deps: { store: KeyValueStore; lifetimeSeconds: number }) {
  const { store, lifetimeSeconds } = deps;

  const read = async (sid: string): Promise<{ session: Session; text: string } | undefined> => {
    const text = await ask(store.get(sessionKey(sid)));
    return text === null ? undefined : { session: JSON.parse(text) as Session, text };
  };

  const pair = (
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
    const wasThere = await ask(store.delete(sessionKey(sid)));
    await ask(store.removeMember(indexKey(userId), sid));
    return wasThere;
  };

  const idsOf = (userId: number) => ask(store.members(indexKey(userId)));

  return {
    end,

    async find(sid: string): Promise<Session | undefined> {
      return (await read(sid))?.session;
    },

    async start(
      user: Pick<User, 'id' | 'sessionVersion'>,
      client: Client,
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
        userAgent: client.userAgent?.slice(0, USER_AGENT_LENGTH) ?? null,
        address: client.address,
      };
      await ask(store.set(sessionKey(sid), JSON.stringify(session), { ttlSeconds: lifetimeSeconds }));
      await ask(store.addMember(indexKey(user.id), sid, lifetimeSeconds));
      return pair(sid, session, refresh.token, accessSeconds, tokens);
    },

    /**
     * Exchanges the session's newest refresh token for the next; undefined when it is not that.
     * A spent token was stolen, or its successor was, so it ends the session (`replayed`); but not when it arrived before the exchange
     * that spent it was done: then a client has merely asked twice. When that was is known afterwards only: until then the record
     * says a time to come. Processes compare their clocks in this, so those of all machines must agree.
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
      // Fails for all but one of those who have read the same text, and when the session was ended meanwhile.
      const isOurs = await ask(store.replace(sessionKey(sid), text, JSON.stringify(next)));
      // Before the answer leaves, so that whoever has it and sends the spent token is late.
      const isDone =
        isOurs &&
        (await ask(
          store.replace(sessionKey(sid), JSON.stringify(next), JSON.stringify({ ...next, refreshedAtMs: Date.now() })),
        ));
      return isDone ? pair(sid, next, refresh.token, accessSeconds, tokens) : undefined;
    },

    /** The live ones, newest first. */
    async list(user: User): Promise<{ sid: string; session: Session }[]> {
      const found = await Promise.all(
        (await idsOf(user.id)).map(async (sid) => ({ sid, session: (await read(sid))?.session })),
      );
      return found
        .flatMap(({ sid, session }) => (session?.version === user.sessionVersion ? [{ sid, session }] : []))
        .sort((one, other) => other.session.createdAt - one.session.createdAt);
    },

    /** Tidies up after the user's version has ended them. */
    async forget(userId: number): Promise<void> {
      for (const sid of await idsOf(userId)) await end(sid, userId);
    },
  };
}

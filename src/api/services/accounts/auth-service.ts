import { ForbiddenError, NotFoundError, TEXTS, UnauthorizedError } from '../../errors';
import { TokenError, type TokenClaims, type TokenService } from './token-service';
import type { RateLimits } from './rate-limits';
import type { FailedLoginDelay } from './failed-login-delay';
import type { ClientInfo, Session, SessionService } from './session-service';
import type { User } from '../../../storage/accounts/user';
import type { UserRepository } from '../../../storage/accounts/user-repository';
import type { SessionBody, TokenPair } from '../../schemas/auth-schemas';

/** The life of the access token of a login with `remember_me`. */
const REMEMBERED_ACCESS_SECONDS = 24 * 60 * 60;

export interface Passwords {
  hash(password: string): Promise<string>;
  verify(hash: string, password: string): Promise<boolean>;
  /** Whether the hash uses an algorithm or parameters that are no longer used for new ones. */
  isOutdated(hash: string): boolean;
  /** `words` are those that guesses about the owner would start with, such as the user name. */
  isGuessable(password: string, words: readonly string[]): boolean;
}
export interface Credentials {
  username: string;
  password: string;
  remember_me: boolean;
}

const REFRESH_TEXTS = {
  expired: 'Refresh token has expired',
  invalid: TEXTS.badRefreshToken,
  wrong_kind: 'Not a refresh token',
};
const toInstant = (seconds: number) => new Date(seconds * 1000).toISOString();

export type AuthService = ReturnType<typeof createAuthService>;

export function createAuthService(deps: {
  users: UserRepository;
  sessions: SessionService;
  passwords: Passwords;
  limits: RateLimits;
  delayFailure: FailedLoginDelay;
  accessMinutes: number;
  areSeveralSessionsAllowed: boolean;
}) {
  const { users, sessions, passwords, limits } = deps;
  // Compared for an unknown name, so that it takes as long as a wrong password and the time reveals no names.
  let dummyHash: Promise<string> | undefined;

  const authenticate = async ({ username, password }: Credentials, { address }: ClientInfo): Promise<User> => {
    const beganAtMs = performance.now();
    await limits.check('login address', address);
    // Counted by the name as it was given: one counter for a user's name and e-mail would reveal that they belong
    // together.
    const counters = await limits.loginLimits(username, address);
    await limits.checkAll(counters);
    const user = await users.findByLogin(username);
    const hash = user?.hashedPassword ?? (await (dummyHash ??= passwords.hash('no user has this password')));
    const isCorrect = await passwords.verify(hash, password);
    if (!user || !isCorrect) {
      await limits.count('login address', address);
      await limits.countAll(counters);
      await deps.delayFailure(beganAtMs);
      throw new UnauthorizedError(TEXTS.badCredentials);
    }
    // Checked again, because parallel guesses may have used up the attempts while the hash was compared.
    await limits.checkAll(counters);
    await limits.noteLogin([user.username, user.email], address);
    if (!user.isActive) throw new ForbiddenError(TEXTS.userInactive);
    if (passwords.isOutdated(hash)) await users.replaceHash(user.id, hash, await passwords.hash(password));
    return user;
  };

  /**
   * Ends the user's other sessions by a new session version, and returns the user with it. Throws when the password was
   * changed, or the user deactivated, since the password was compared.
   */
  const endOtherSessions = async (user: User, password: string): Promise<User> => {
    const current = await users.endSessions(user.id);
    const isStillValid =
      current &&
      (current.hashedPassword === user.hashedPassword || (await passwords.verify(current.hashedPassword, password)));
    if (!isStillValid || !current.isActive) throw new UnauthorizedError(TEXTS.badCredentials);
    return current;
  };

  const isLive = async (session: Session | undefined, userId: number): Promise<boolean> => {
    const user = session?.userId === userId ? await users.get(userId) : undefined;
    return user !== undefined && user.isActive && user.sessionVersion === session?.version;
  };

  return {
    async login(credentials: Credentials, client: ClientInfo, tokens: TokenService): Promise<TokenPair> {
      const known = await authenticate(credentials, client);
      const user = deps.areSeveralSessionsAllowed ? known : await endOtherSessions(known, credentials.password);
      return sessions.start(
        user,
        client,
        credentials.remember_me ? REMEMBERED_ACCESS_SECONDS : deps.accessMinutes * 60,
        tokens,
      );
    },

    /**
     * Looks the token up before it counts, so that a good token is not delayed by bad ones from the same address.
     * `note` receives the token's user, and whether the token was a replay, which has just ended its session.
     */
    async refresh(
      presented: { token: string; arrivedAtMs: number },
      { address }: ClientInfo,
      tokens: TokenService,
      note: (presented: { userId: number; isReplayed: boolean }) => void,
    ): Promise<TokenPair> {
      let claims: TokenClaims;
      try {
        claims = tokens.read(presented.token, 'refresh_token');
      } catch (error) {
        if (!(error instanceof TokenError)) throw error;
        await limits.attempt('refresh address', address);
        throw new UnauthorizedError(REFRESH_TEXTS[error.reason], error);
      }
      const isGood = await isLive(await sessions.find(claims.sid), claims.userId);
      const pair = isGood ? await sessions.rotate(claims.sid, presented, deps.accessMinutes * 60, tokens) : undefined;
      note({ userId: claims.userId, isReplayed: pair === 'replayed' });
      if (pair && pair !== 'replayed') return pair;
      await limits.attempt('refresh address', address);
      throw new UnauthorizedError(TEXTS.badRefreshToken);
    },

    /** Ends the session of a refresh token, the newest or a spent one. Any other token is ignored without an error. */
    async revoke(user: User, token: string, tokens: TokenService): Promise<void> {
      try {
        const { userId, sid } = tokens.read(token, 'refresh_token');
        if (userId === user.id) await sessions.end(sid, userId);
      } catch (error) {
        if (!(error instanceof TokenError)) throw error;
      }
    },

    /** Ends all sessions of the user. */
    async logout(user: User): Promise<void> {
      await users.endSessions(user.id);
      await sessions.deleteAll(user.id);
    },

    async listSessions(user: User, currentSid: string): Promise<SessionBody[]> {
      return (await sessions.list(user)).map(({ sid, session }) => ({
        id: sid,
        created_at: toInstant(session.createdAt),
        expires_at: toInstant(session.expiresAt),
        refreshed_at: session.refreshedAtMs === null ? null : new Date(session.refreshedAtMs).toISOString(),
        user_agent: session.userAgent,
        address: session.address,
        is_current: sid === currentSid,
      }));
    },

    async endSession(user: User, sid: string): Promise<void> {
      const session = await sessions.find(sid);
      const wasThere =
        session?.userId === user.id && session.version === user.sessionVersion && (await sessions.end(sid, user.id));
      if (!wasThere) throw new NotFoundError('Session not found');
    },
  };
}

import { ForbiddenError, TEXTS, UnauthorizedError } from '../errors';
import { hashToken, type TokenService } from './token-service';
import type { KeyValueStore } from '../../platform/redis';
import type { User } from '../../storage/models/user';
import type { UserRepository } from '../../storage/user-repository';
import type { TokenPair, UserBody } from '../schemas/auth-schemas';

const REMEMBERED_SECONDS = 24 * 60 * 60;

export interface Passwords {
  hash(password: string): Promise<string>;
  verify(hash: string, password: string): Promise<boolean>;
}

export const refreshKey = (token: string) => `auth:refresh:${hashToken(token)}`;

export function presentUser(user: User): UserBody {
  return {
    id: user.id,
    email: user.email,
    username: user.username,
    full_name: user.fullName,
    age: user.age,
    is_active: user.isActive,
    is_superuser: user.isSuperuser,
    created_at: user.createdAt.toISOString(),
    updated_at: user.updatedAt.toISOString(),
  };
}

export type AuthService = ReturnType<typeof createAuthService>;

export function createAuthService(deps: { users: UserRepository; sessions: KeyValueStore; passwords: Passwords; accessMinutes: number; refreshDays: number }) {
  const { users, sessions, passwords } = deps;
  const refreshSeconds = deps.refreshDays * 24 * 60 * 60;
  // Made on the first login: an unknown user costs the same work as a wrong password, so that time tells nothing.
  let decoy: Promise<string> | undefined;

  return {
    async login(credentials: { username: string; password: string; remember_me: boolean }, tokens: TokenService): Promise<TokenPair> {
      const user = await users.findByLogin(credentials.username);
      const hash = user?.hashedPassword ?? (await (decoy ??= passwords.hash('no user has this password')));
      const isRight = await passwords.verify(hash, credentials.password);
      if (!user || !isRight) throw new UnauthorizedError(TEXTS.badCredentials);
      if (!user.isActive) throw new ForbiddenError(TEXTS.userInactive);

      const access = tokens.issue(user.id, 'access_token', credentials.remember_me ? REMEMBERED_SECONDS : deps.accessMinutes * 60);
      const refresh = tokens.issue(user.id, 'refresh_token', refreshSeconds);
      await sessions.set(refreshKey(refresh.token), String(user.id), { ttlSeconds: refreshSeconds });
      return { access_token: access.token, refresh_token: refresh.token, token_type: 'bearer', expires_at: access.expiresAt.toISOString() };
    },
  };
}

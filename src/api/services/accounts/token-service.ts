import { createHash, randomUUID } from 'node:crypto';
import type { JWT } from '@fastify/jwt';

export type TokenKind = 'access_token' | 'refresh_token';

export interface TokenClaims {
  userId: number;
  /** The session it belongs to. */
  sid: string;
  kind: TokenKind;
  jti: string;
}

/** A token that is not accepted: expired, not issued here or damaged (`invalid`), or of the other kind. */
export class TokenError extends Error {
  override readonly name = 'TokenError';
  constructor(
    readonly reason: 'expired' | 'invalid' | 'wrong_kind',
    cause?: unknown,
  ) {
    super(`Token is ${reason}`, { cause });
  }
}

export interface IssuedToken {
  token: string;
  expiresAt: Date;
}

/** The form in which tokens are stored: the hash does not authenticate. */
export const hashToken = (token: string) => createHash('sha256').update(token).digest('hex');

/** The largest value of PostgreSQL's integer. */
const MAX_USER_ID = 2_147_483_647;

export type TokenService = ReturnType<typeof createTokenService>;

/** Issues and verifies JWTs, with the signer and the pinned algorithm of plugins/jwt.ts. */
export function createTokenService(jwt: Pick<JWT, 'sign' | 'verify'>) {
  return {
    issue(userId: number, kind: TokenKind, lifetimeSeconds: number, sid: string): IssuedToken {
      const now = Math.floor(Date.now() / 1000);
      const exp = now + lifetimeSeconds;
      return {
        token: jwt.sign({ sub: String(userId), iat: now, exp, jti: randomUUID(), sid, type: kind }),
        expiresAt: new Date(exp * 1000),
      };
    },

    read(token: string, kind: TokenKind): TokenClaims {
      let claims: Record<string, unknown>;
      try {
        claims = jwt.verify<Record<string, unknown>>(token);
      } catch (error) {
        throw new TokenError((error as { code?: string }).code === 'FAST_JWT_EXPIRED' ? 'expired' : 'invalid', error);
      }
      if (claims.type !== kind) throw new TokenError('wrong_kind');
      const { sub, sid, jti } = claims;
      if (typeof sub !== 'string' || typeof sid !== 'string' || !/^\d{1,10}$/.test(sub) || Number(sub) > MAX_USER_ID)
        throw new TokenError('invalid');
      return { userId: Number(sub), sid, kind, jti: String(jti) };
    },
  };
}

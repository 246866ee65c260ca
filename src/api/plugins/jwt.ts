import fastifyJwt from '@fastify/jwt';
import { createTokenService, type TokenService } from '../services/accounts/token-service';
import type { FastifyInstance } from 'fastify';
import type { User } from '../../storage/accounts/user';

declare module '@fastify/jwt' {
  interface FastifyJWT {
    /** `request.user`: the user's row, set by authentication. */
    user: User;
  }
}

declare module 'fastify' {
  interface FastifyInstance {
    tokens: TokenService;
  }
}

/** Adds `app.tokens`. The algorithm is pinned, so that a token cannot choose its own. */
export async function installJwt(app: FastifyInstance, secret: string): Promise<void> {
  await app.register(fastifyJwt, {
    secret,
    sign: { algorithm: 'HS256' },
    verify: { algorithms: ['HS256'], requiredClaims: ['sub', 'exp', 'jti', 'sid'], cache: false },
  });
  app.decorate('tokens', createTokenService(app.jwt));
}

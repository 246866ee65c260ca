import { ForbiddenError, NotFoundError, TEXTS, UnauthorizedError } from '../errors';
import { TokenError, type TokenService } from '../services/token-service';
import type { FastifyInstance } from 'fastify';
import type { User } from '../../storage/models/user';

/** Who may call a route. A route that does not say is for signed-in users. */
export type Access = 'open' | 'user' | 'superuser';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
}

/** Open whether or not a route is there. */
const OPEN_PATHS = /^\/(docs|redoc|openapi\.json|static\/|api\/v1\/public\/)/;

const TOKEN_TEXTS = { expired: 'Token has expired', invalid: 'Could not validate the token', wrong_kind: 'Not an access token' };

/** Runs before routing has any say: without a token even an unknown path is a 401. */
export function installTokenGate(app: FastifyInstance, services: { users: { get(id: number): Promise<User | undefined> } }): void {
  app.addHook('onRequest', async (request) => {
    const access = request.routeOptions.config?.access ?? 'user';
    if (access === 'open' || request.method === 'OPTIONS' || OPEN_PATHS.test(request.url)) return;
    const user = await services.users.get(readUserId(app.tokens, request.headers.authorization));
    if (!user) throw new NotFoundError(TEXTS.userNotFound);
    if (!user.isActive) throw new ForbiddenError(TEXTS.userInactive);
    if (access === 'superuser' && !user.isSuperuser) throw new ForbiddenError(TEXTS.forbidden);
    request.user = user;
  });
}

function readUserId(tokens: TokenService, header: string | undefined): number {
  if (!header) throw new UnauthorizedError('Authorization header is missing');
  const parts = header.trim().split(/\s+/);
  const [scheme, token] = parts;
  if (parts.length !== 2 || token === undefined) throw new UnauthorizedError('Authorization header must be "Bearer <token>"');
  if (scheme?.toLowerCase() !== 'bearer') throw new UnauthorizedError('Authorization scheme must be Bearer');
  try {
    return tokens.read(token, 'access_token').userId;
  } catch (error) {
    throw error instanceof TokenError ? new UnauthorizedError(TOKEN_TEXTS[error.reason], error) : error;
  }
}

import { ForbiddenError, NotFoundError, TEXTS, UnauthorizedError } from '../errors';
import { TokenError, type TokenClaims, type TokenService } from '../services/token-service';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { RouteTable } from './route-table';
import type { Session } from '../services/session-service';
import type { User } from '../../storage/models/user';

/** Who may call a route. A route that does not say is for signed-in users. */
export type Access = 'open' | 'user' | 'superuser';

declare module 'fastify' {
  interface FastifyRequest {
    /** The session that the caller's token belongs to. */
    sessionId: string;
  }
  interface FastifyContextConfig {
    access?: Access;
  }
}

/** Open whether or not a route is there. */
const OPEN_PATHS = /^\/(docs|redoc|openapi\.json|static\/|api\/v1\/public\/)/;

const TOKEN_TEXTS = { expired: 'Token has expired', invalid: 'Could not validate the token', wrong_kind: 'Not an access token' };

interface GateServices {
  users: { get(id: number): Promise<User | undefined> };
  sessions: { find(sid: string): Promise<Session | undefined> };
}

/** Runs before routing has any say: without a token even an unknown path is a 401. User and session are looked up for each request, so that their end is heeded at once. */
export function installTokenGate(app: FastifyInstance, services: GateServices, routes: Pick<RouteTable, 'isOpen'>): void {
  app.decorateRequest('sessionId', '');
  app.addHook('onRequest', async (request) => {
    const access = request.is404 && routes.isOpen(pathOf(request)) ? 'open' : (request.routeOptions.config?.access ?? 'user');
    if (access === 'open' || request.method === 'OPTIONS' || OPEN_PATHS.test(request.url)) return;
    const { userId, sid } = readClaims(app.tokens, request.headers.authorization);
    const [user, session] = await Promise.all([services.users.get(userId), services.sessions.find(sid)]);
    if (!user) throw new NotFoundError(TEXTS.userNotFound);
    if (!user.isActive) throw new ForbiddenError(TEXTS.userInactive);
    if (!session || session.userId !== user.id || session.version !== user.sessionVersion) throw new UnauthorizedError('The session has ended');
    if (access === 'superuser' && !user.isSuperuser) throw new ForbiddenError(TEXTS.forbidden);
    request.user = user;
    request.sessionId = sid;
  });
}

const pathOf = (request: FastifyRequest) => request.url.split('?', 1)[0] ?? '';

function readClaims(tokens: TokenService, header: string | undefined): TokenClaims {
  if (!header) throw new UnauthorizedError('Authorization header is missing');
  const parts = header.trim().split(/\s+/);
  const [scheme, token] = parts;
  if (parts.length !== 2 || token === undefined) throw new UnauthorizedError('Authorization header must be "Bearer <token>"');
  if (scheme?.toLowerCase() !== 'bearer') throw new UnauthorizedError('Authorization scheme must be Bearer');
  try {
    return tokens.read(token, 'access_token');
  } catch (error) {
    throw error instanceof TokenError ? new UnauthorizedError(TOKEN_TEXTS[error.reason], error) : error;
  }
}

import { mayAccess, ROLE_OF, roleThroughKey, scopeFor, type Access } from '../access-levels';
import { ForbiddenError, NotFoundError, TEXTS, UnauthorizedError } from '../errors';
import { createSingleFlight } from '../concurrency/single-flight';
import { hasApiKeyPrefix } from '../services/accounts/api-key-token';
import { TokenError, type TokenClaims, type TokenService } from '../services/accounts/token-service';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { RouteTable } from './route-table';
import type { ApiKeyAuthenticator } from '../services/accounts/api-key-authenticator';
import type { Session } from '../services/accounts/session-service';
import type { ApiKeyScope, FoundApiKey } from '../../storage/accounts/api-key-repository';
import type { User } from '../../storage/accounts/user';

declare module 'fastify' {
  interface FastifyRequest {
    /** The session that the access token belongs to; empty for a request with an API key. */
    sessionId: string;
    /** The API key by which the request acts for its owner; null in a session. */
    apiKey: FoundApiKey['key'] | null;
  }
  interface FastifyInstance {
    /** The declared access of every route, by `METHOD /path`; undefined where a route declares none. */
    accessByRoute: ReadonlyMap<string, Access | undefined>;
  }
  interface FastifyContextConfig {
    /** Who may call the route. A route that declares nothing is for admins. */
    access?: Access;
    /** Refuses API keys: a stolen key must not yield a session, a password or another key. */
    isSessionOnly?: boolean;
    /** The scope that an API key needs here, where the role of `access` would not require it. */
    keyScope?: ApiKeyScope;
  }
}

/** Open whether or not a route exists. */
const OPEN_PATHS = /^\/(docs|redoc|openapi\.json|static\/|api\/v1\/public\/)/;

const TOKEN_TEXTS = {
  expired: 'Token has expired',
  invalid: 'Could not validate the token',
  wrong_kind: 'Not an access token',
};

interface AuthenticationServices {
  users: { get(id: number): Promise<User | undefined> };
  sessions: { find(sid: string): Promise<Session | undefined> };
  apiKeyAuthenticator: Pick<ApiKeyAuthenticator, 'find'>;
}

/**
 * Authentication and authorization. It runs before the 404 of unknown paths: without a token even those are a 401. User
 * and session, or user and key, are read for each request, so ending one takes effect at once. For a request with a
 * key, `request.user.role` is lowered to what the key's scope allows: services need not know about keys.
 */
export function installAuthentication(
  app: FastifyInstance,
  services: AuthenticationServices,
  routes: Pick<RouteTable, 'isOpen'>,
): void {
  app.decorateRequest('sessionId', '');
  app.decorateRequest('apiKey', null);
  const singleFlight = createSingleFlight();
  const lookUp: LookUp = (userId, sid) =>
    singleFlight(`${userId} ${sid}`, () => Promise.all([services.users.get(userId), services.sessions.find(sid)]));
  const accessByRoute = new Map<string, Access | undefined>();
  app.decorate('accessByRoute', accessByRoute);
  app.addHook('onRoute', ({ method, url, config }) => {
    for (const name of [method].flat()) accessByRoute.set(`${name} ${url}`, config?.access);
  });
  app.addHook('onRequest', async (request) => {
    const access = accessOf(request, routes);
    if (access === 'open' || request.method === 'OPTIONS' || OPEN_PATHS.test(request.url)) return;
    const token = readBearer(request.headers.authorization);
    if (hasApiKeyPrefix(token)) await authenticateByKey(services, request, token, access);
    else await authenticateBySession(lookUp, request, readClaims(app.tokens, token), access);
  });
}

/** A path without a route is open when all its routes for other methods are; the response is then a 405. */
function accessOf(request: FastifyRequest, routes: Pick<RouteTable, 'isOpen'>): Access {
  if (!request.is404) return request.routeOptions.config?.access ?? 'admin';
  return routes.isOpen(pathOf(request)) ? 'open' : 'user';
}

const pathOf = (request: FastifyRequest) => request.url.split('?', 1)[0] ?? '';

type LookUp = (userId: number, sid: string) => Promise<[User | undefined, Session | undefined]>;

async function authenticateBySession(
  lookUp: LookUp,
  request: FastifyRequest,
  { userId, sid }: TokenClaims,
  access: Access,
): Promise<void> {
  const [user, session] = await lookUp(userId, sid);
  if (!user) throw new NotFoundError(TEXTS.userNotFound);
  if (!user.isActive) {
    // Set before the refusal, so that the audit entry names the user.
    request.user = user;
    throw new ForbiddenError(TEXTS.userInactive);
  }
  if (!session || session.userId !== user.id || session.version !== user.sessionVersion)
    throw new UnauthorizedError('The session has ended');
  request.user = user;
  request.sessionId = sid;
  if (!mayAccess(user.role, access)) throw new ForbiddenError(TEXTS.forbidden);
}

async function authenticateByKey(
  services: AuthenticationServices,
  request: FastifyRequest,
  token: string,
  access: Access,
): Promise<void> {
  const { isSessionOnly, keyScope } = request.routeOptions.config ?? {};
  const { user, key } = await services.apiKeyAuthenticator.find(token, request.address);
  const { role } = user;
  user.role = roleThroughKey(role, key.scope);
  request.user = user;
  request.apiKey = key;
  if (!user.isActive) throw new ForbiddenError(TEXTS.userInactive);
  if (isSessionOnly) throw new ForbiddenError('Not with an API key: sign in for this');
  const scope = scopeFor(access, keyScope);
  if (scope === undefined || mayAccess(user.role, ROLE_OF[scope])) return;
  const isScopeTooSmall = !mayAccess(ROLE_OF[key.scope], ROLE_OF[scope]);
  throw new ForbiddenError(
    isScopeTooSmall && mayAccess(role, access)
      ? `The API key has the scope ${key.scope}; this needs ${scope}`
      : TEXTS.forbidden,
  );
}

function readBearer(header: string | undefined): string {
  if (!header) throw new UnauthorizedError('Authorization header is missing');
  const parts = header.trim().split(/\s+/);
  const [scheme, token] = parts;
  if (parts.length !== 2 || token === undefined)
    throw new UnauthorizedError('Authorization header must be "Bearer <token>"');
  if (scheme?.toLowerCase() !== 'bearer') throw new UnauthorizedError('Authorization scheme must be Bearer');
  return token;
}

function readClaims(tokens: TokenService, token: string): TokenClaims {
  try {
    return tokens.read(token, 'access_token');
  } catch (error) {
    throw error instanceof TokenError ? new UnauthorizedError(TOKEN_TEXTS[error.reason], error) : error;
  }
}

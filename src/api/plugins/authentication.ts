import { mayAccess, ROLE_OF, roleThroughKey, scopeFor, type Access } from '../access-levels';
import { ForbiddenError, NotFoundError, TEXTS, UnauthorizedError } from '../errors';
import { createSingleFlight } from '../concurrency/single-flight';
import { hasApiKeyPrefix } from '../services/accounts/api-key-token';
import { TokenError, type TokenClaims, type TokenService } from '../services/accounts/token-service';
import type { FastifyContextConfig, FastifyInstance, FastifyRequest } from 'fastify';
import type { RouteTable } from './route-table';
import type { ApiKeyAuthenticator } from '../services/accounts/api-key-authenticator';
import type { Session } from '../services/accounts/session-service';
import type { ApiKeyScope, FoundApiKey } from '../../storage/accounts/api-key-repository';
import type { User } from '../../storage/accounts/user';

declare module 'fastify' {
  interface FastifyRequest {
    /** The session that the caller's token belongs to; empty when a key asks. */
    sessionId: string;
    /** The key that asks on the user's behalf. */
    apiKey: FoundApiKey['key'] | null;
  }
  interface FastifyInstance {
    /** What every route asks for, by method and path; undefined where it does not say. */
    accesses: ReadonlyMap<string, Access | undefined>;
  }
  interface FastifyContextConfig {
    /** Who may call the route. One that does not say is for admins. */
    access?: Access;
    /** Not for API keys: who steals one must not get a session, a password or another key out of it. */
    isSessionOnly?: boolean;
    /** What an API key needs here, where that is more than its owner does. */
    keyScope?: ApiKeyScope;
  }
}

/** Open whether or not a route is there. */
const OPEN_PATHS = /^\/(docs|redoc|openapi\.json|static\/|api\/v1\/public\/)/;

const TOKEN_TEXTS = {
  expired: 'Token has expired',
  invalid: 'Could not validate the token',
  wrong_kind: 'Not an access token',
};

interface GateServices {
  users: { get(id: number): Promise<User | undefined> };
  sessions: { find(sid: string): Promise<Session | undefined> };
  apiKeyCheck: Pick<ApiKeyAuthenticator, 'find'>;
}

/**
 * Runs before routing has any say: without a token even an unknown path is a 401. User and session, or user and key, are
 * looked up for each request, so that their end is heeded at once. With a key, `request.user.role` is what the key leaves
 * of it, so that whoever asks for the role need not know of keys.
 */
export function installAuthentication(
  app: FastifyInstance,
  services: GateServices,
  routes: Pick<RouteTable, 'isOpen'>,
): void {
  app.decorateRequest('sessionId', '');
  app.decorateRequest('apiKey', null);
  const together = createSingleFlight();
  const look: LookUp = (userId, sid) =>
    together(`${userId} ${sid}`, () => Promise.all([services.users.get(userId), services.sessions.find(sid)]));
  const accesses = new Map<string, Access | undefined>();
  app.decorate('accesses', accesses);
  app.addHook('onRoute', ({ method, url, config }) => {
    for (const name of [method].flat()) accesses.set(`${name} ${url}`, config?.access);
  });
  app.addHook('onRequest', async (request) => {
    const config = request.routeOptions.config ?? {};
    const access = request.is404 ? (routes.isOpen(pathOf(request)) ? 'open' : 'user') : (config.access ?? 'admin');
    if (access === 'open' || request.method === 'OPTIONS' || OPEN_PATHS.test(request.url)) return;
    const token = readBearer(request.headers.authorization);
    if (hasApiKeyPrefix(token)) await enterByKey(services, request, token, config, access);
    else await enterBySession(look, request, readClaims(app.tokens, token), access);
  });
}

const pathOf = (request: FastifyRequest) => request.url.split('?', 1)[0] ?? '';

type LookUp = (userId: number, sid: string) => Promise<[User | undefined, Session | undefined]>;

async function enterBySession(
  look: LookUp,
  request: FastifyRequest,
  { userId, sid }: TokenClaims,
  access: Access,
): Promise<void> {
  const [user, session] = await look(userId, sid);
  if (!user) throw new NotFoundError(TEXTS.userNotFound);
  if (!user.isActive) {
    // Whose token it is, is known: the audit log says whom it was that was refused.
    request.user = user;
    throw new ForbiddenError(TEXTS.userInactive);
  }
  if (!session || session.userId !== user.id || session.version !== user.sessionVersion)
    throw new UnauthorizedError('The session has ended');
  request.user = user;
  request.sessionId = sid;
  if (!mayAccess(user.role, access)) throw new ForbiddenError(TEXTS.forbidden);
}

async function enterByKey(
  services: GateServices,
  request: FastifyRequest,
  token: string,
  { isSessionOnly, keyScope }: FastifyContextConfig,
  access: Access,
): Promise<void> {
  const { user, key } = await services.apiKeyCheck.find(token, request.address);
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

import { randomBytes } from 'node:crypto';

export interface SandboxCredentials {
  clientId: string;
  clientSecret: string;
  username?: string;
  password?: string;
  refreshToken?: string;
}

export interface TokenGrant {
  clientId: string;
  /** Null for an app-only token. */
  username: string | null;
  expiresAtMs: number;
}

/** The form of an OAuth token request (RFC 6749). */
type TokenForm = Record<string, string | undefined>;
export type TokenAnswer = { status: number; body: Record<string, unknown> };

// Beyond this number the oldest tokens are dropped, so that a client that asks for one per request does not fill the
// memory.
const MOST_TOKENS = 10_000;
const UNAUTHORIZED: TokenAnswer = { status: 401, body: { message: 'Unauthorized', error: 401 } };
/** Client id and secret of an `Authorization: Basic` header; empty for any other header. */
function readBasicAuth(authorization = ''): string[] {
  const [scheme, encoded = ''] = authorization.split(' ');
  if (scheme?.toLowerCase() !== 'basic') return [];
  const [, clientId, clientSecret] = /^([^:]+):(.*)$/.exec(Buffer.from(encoded, 'base64').toString()) ?? [];
  return clientId === undefined || clientSecret === undefined ? [] : [clientId, clientSecret];
}
const refuse = (error: string, status = 200): TokenAnswer => ({ status, body: { error } });

/**
 * Issues and checks access tokens. Without `credentials` any non-empty ones are accepted. `clock` is in milliseconds.
 */
export function createTokenStore(options: {
  credentials?: SandboxCredentials;
  lifetimeSeconds: number;
  clock: () => number;
}) {
  const grants = new Map<string, TokenGrant>();
  const right = options.credentials;

  function issue(clientId: string, username: string | null, extra: Record<string, unknown> = {}): TokenAnswer {
    const token = randomBytes(24).toString('base64url');
    grants.set(token, { clientId, username, expiresAtMs: options.clock() + options.lifetimeSeconds * 1000 });
    if (grants.size > MOST_TOKENS) grants.delete(grants.keys().next().value!);
    return {
      status: 200,
      body: { access_token: token, token_type: 'bearer', expires_in: options.lifetimeSeconds, scope: '*', ...extra },
    };
  }

  const byApp = (clientId: string) => issue(clientId, null);
  function byPassword(clientId: string, { username, password }: TokenForm): TokenAnswer {
    if (!username || !password) return refuse('invalid_grant');
    const isRight = !right?.username || (username === right.username && password === right.password);
    return isRight ? issue(clientId, username) : refuse('invalid_grant');
  }
  function byRefreshToken(clientId: string, form: TokenForm): TokenAnswer {
    const token = form.refresh_token;
    const isRight = right?.refreshToken ? token === right.refreshToken : Boolean(token);
    if (!isRight) return refuse('invalid_grant', 400);
    return issue(clientId, right?.username ?? 'sandbox_user', { refresh_token: token });
  }
  const grantTypes = new Map<string, (clientId: string, form: TokenForm) => TokenAnswer>([
    ['client_credentials', byApp],
    ['https://oauth.reddit.com/grants/installed_client', byApp],
    ['password', byPassword],
    ['refresh_token', byRefreshToken],
  ]);
  const isClient = (clientId: string, clientSecret: string | undefined) =>
    !right || (clientId === right.clientId && clientSecret === right.clientSecret);

  return {
    grant(authorization: string | undefined, form: TokenForm): TokenAnswer {
      const [clientId, clientSecret] = readBasicAuth(authorization);
      if (!clientId) return UNAUTHORIZED;
      if (!isClient(clientId, clientSecret)) return UNAUTHORIZED;
      return grantTypes.get(form.grant_type ?? '')?.(clientId, form) ?? refuse('unsupported_grant_type');
    },
    /** The grant behind an Authorization header, or undefined when it is wrong, expired or revoked. */
    check(authorization: string | undefined): TokenGrant | undefined {
      const token = /^bearer (.+)$/i.exec(authorization ?? '')?.[1] ?? '';
      const grant = grants.get(token);
      if (grant && grant.expiresAtMs > options.clock()) return grant;
      grants.delete(token);
      return undefined;
    },
    revokeAll: () => grants.clear(),
  };
}

export type TokenStore = ReturnType<typeof createTokenStore>;

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

export type TokenAnswer = { status: number; body: Record<string, unknown> };

// Old tokens go when so many are out, so that a client which asks for one per request does not fill the memory.
const MOST_TOKENS = 10_000;
const UNAUTHORIZED: TokenAnswer = { status: 401, body: { message: 'Unauthorized', error: 401 } };
const refuse = (error: string, status = 200): TokenAnswer => ({ status, body: { error } });

/** Issues and checks access tokens. Without `credentials` any non-empty ones are right. `clock` is in milliseconds. */
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

  return {
    grant(authorization: string | undefined, form: Record<string, string | undefined>): TokenAnswer {
      const [scheme, encoded] = (authorization ?? '').split(' ');
      const [, clientId, clientSecret] = /^([^:]+):(.*)$/.exec(Buffer.from(encoded ?? '', 'base64').toString()) ?? [];
      if (scheme?.toLowerCase() !== 'basic' || !clientId) return UNAUTHORIZED;
      if (right && (clientId !== right.clientId || clientSecret !== right.clientSecret)) return UNAUTHORIZED;
      switch (form.grant_type ?? '') {
        case 'client_credentials':
        case 'https://oauth.reddit.com/grants/installed_client':
          return issue(clientId, null);
        case 'password': {
          const isRight = right?.username
            ? form.username === right.username && form.password === right.password
            : form.username && form.password;
          return isRight ? issue(clientId, form.username!) : refuse('invalid_grant');
        }
        case 'refresh_token': {
          const isRight = right?.refreshToken ? form.refresh_token === right.refreshToken : form.refresh_token;
          return isRight
            ? issue(clientId, right?.username ?? 'sandbox_user', { refresh_token: form.refresh_token })
            : refuse('invalid_grant', 400);
        }
        default:
          return refuse('unsupported_grant_type');
      }
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

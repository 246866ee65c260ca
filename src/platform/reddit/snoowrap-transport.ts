import Snoowrap from 'snoowrap';
import { RedditError } from '../../shared/reddit-error';
import { failureOf, type RawResponse } from './reddit-failures';

export interface RedditLogin {
  clientId: string;
  clientSecret: string;
  userAgent: string;
  /** With both of these the login is that of a script, otherwise app-only. */
  username?: string;
  password?: string;
  oauthBaseUrl?: string;
  wwwBaseUrl?: string;
}

export interface RedditRequest {
  uri: string;
  method?: 'get' | 'post';
  qs?: Record<string, string | number | undefined>;
  form?: Record<string, string>;
  signal?: AbortSignal;
  /** Called with every answer, also with refusals. */
  onAnswer?: (response: RawResponse) => void;
}

/** The options and responses of snoowrap's HTTP library (request-promise, which has no types here). */
interface RawRequest extends RedditRequest {
  baseUrl: string;
  [option: string]: unknown;
}
type PendingRequest = PromiseLike<RawResponse> & { abort(): void };

interface Token {
  value: string;
  renewAt: number;
}

/**
 * Logs in and sends single requests through snoowrap, and turns every failure into a RedditError. The caller handles
 * retries, queue and budget. `requestTimeoutMs` covers a whole request, from connecting to the last byte.
 */
export function createSnoowrapTransport(login: RedditLogin, requestTimeoutMs: number) {
  const baseUrls: Record<string, string | undefined> = {
    'https://oauth.reddit.com': login.oauthBaseUrl,
    'https://www.reddit.com': login.wwwBaseUrl,
  };
  let token: Token | null = null;

  /** snoowrap without its own login, retries, rate limit and object tree, which are too limited or too slow. */
  class Transport extends Snoowrap {
    override rawRequest(options: RawRequest): ReturnType<Snoowrap['rawRequest']> {
      const { signal, onAnswer, ...rest } = options;
      const baseUrl = baseUrls[options.baseUrl] ?? options.baseUrl;
      const isLocal = ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(baseUrl).hostname);
      // The environment's proxy cannot reach this machine. Redirects are not followed but read as answers (see
      // failureOf).
      const pending = super.rawRequest({
        ...rest,
        baseUrl,
        simple: false,
        resolveWithFullResponse: true,
        followRedirect: false,
        timeout: undefined,
        ...(isLocal ? { proxy: null } : {}),
      });
      return settle(pending as unknown as PendingRequest, `${(options.method ?? 'get').toUpperCase()} ${options.uri}`, {
        signal,
        onAnswer,
      });
    }
    override updateAccessToken(): ReturnType<Snoowrap['updateAccessToken']> {
      return Promise.resolve(token?.value ?? '');
    }
    _awaitRatelimit() {
      return Promise.resolve();
    }
    /** The raw body is mapped here, because snoowrap's objects and proxies cost ten times the parsing of the JSON. */
    _populate(body: unknown) {
      return body;
    }
  }
  const snoowrap = new Transport({
    userAgent: login.userAgent,
    clientId: login.clientId,
    clientSecret: login.clientSecret,
    refreshToken: '',
  });
  snoowrap.config({ warnings: false, maxRetryAttempts: 1, proxies: false });

  function settle(
    pending: PendingRequest,
    what: string,
    { signal, onAnswer }: Pick<RedditRequest, 'signal' | 'onAnswer'>,
  ): Promise<RawResponse> {
    return new Promise<RawResponse>((resolve, reject) => {
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      // An aborted request never settles by itself.
      const stop = (error: RedditError) => {
        done();
        pending.abort();
        reject(error);
      };
      const onAbort = () => stop(abortedError(signal));
      const timer = setTimeout(
        () => stop(new RedditError('network', `${what}: no answer within ${requestTimeoutMs} ms`)),
        requestTimeoutMs,
      );
      if (signal?.aborted) return onAbort();
      signal?.addEventListener('abort', onAbort, { once: true });
      pending.then(
        (response) => {
          done();
          // A callback that throws here would leave the request open for good: the timer has been stopped.
          try {
            onAnswer?.(response);
            const failure = failureOf(response, what);
            if (failure) reject(failure);
            else resolve(response);
          } catch (error) {
            reject(new RedditError('malformed', `${what}: the answer cannot be read`, { cause: error }));
          }
        },
        (error: Error & { cause?: Error }) => {
          done();
          // The library's error contains the request with token and secret, so only its cause is passed on.
          reject(new RedditError('network', `${what}: ${error.cause?.message ?? error.name}`, { cause: error.cause }));
        },
      );
    });
  }

  async function renewToken(signal?: AbortSignal): Promise<void> {
    if (!login.clientId) throw new RedditError('unauthorized', 'REDDIT_CLIENT_ID is not set: Reddit cannot be asked');
    const isScript = login.username && login.password;
    const form = isScript
      ? { grant_type: 'password', username: login.username, password: login.password }
      : { grant_type: 'client_credentials' };
    const request = { method: 'post', uri: 'api/v1/access_token', form, signal };
    const { body } = (await snoowrap.credentialedClientRequest(request)) as RawResponse & {
      body: Record<string, unknown>;
    };
    if (typeof body.access_token !== 'string')
      throw new RedditError(
        'unauthorized',
        `Reddit gives no token: ${JSON.stringify(body.error ?? 'no reason given')}`,
      );
    const lifetimeMs = (typeof body.expires_in === 'number' ? body.expires_in : 3600) * 1000;
    token = { value: body.access_token, renewAt: Date.now() + lifetimeMs - Math.min(60_000, lifetimeMs / 10) };
  }

  return {
    hasToken: () => token !== null && Date.now() < token.renewAt,
    renewToken,
    /** Forgets this token unless a newer one has replaced it. */
    dropToken: (dropped: string | undefined) => {
      if (token?.value === dropped) token = null;
    },
    currentToken: () => token?.value,
    async send({ qs, ...request }: RedditRequest): Promise<unknown> {
      const given = Object.fromEntries(Object.entries(qs ?? {}).filter(([, value]) => value !== undefined));
      return (await snoowrap.oauthRequest({ ...request, qs: { raw_json: 1, ...given } })) as unknown;
    },
  };
}

export const abortedError = (signal?: AbortSignal) =>
  new RedditError('aborted', 'the request to Reddit was aborted', { cause: signal?.reason });

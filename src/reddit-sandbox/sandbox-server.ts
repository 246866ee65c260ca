import Fastify from 'fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AddressInfo } from 'node:net';
import { registerAccountRoutes, registerTokenRoute } from './account-routes';
import { registerAdminRoutes } from './admin-routes';
import { registerCommentRoutes } from './comment-routes';
import { addFaultHooks, FAULT_HEADER } from './fault-hooks';
import { createChangeableContent } from './content-changes';
import type { FaultChange, SandboxFaults } from './fault-plan';
import { createFaultPlan } from './fault-plan';
import type { GeneratedScale } from './generated-content';
import { createGeneratedContent } from './generated-content';
import type { Query } from './listing-routes';
import { registerListingRoutes } from './listing-routes';
import type { RateLimit } from './rate-window';
import { createRateWindow } from './rate-window';
import { createRecordedContent } from './recorded-content';
import { refuse } from './reddit-refusals';
import { stringifyEscaped } from './reddit-things';
import { createRequestLog } from './sandbox-request-log';
import type { SandboxCredentials } from './token-store';
import { createTokenStore } from './token-store';

export interface RedditSandboxOptions {
  /** A folder with posts.ndjson and comments.ndjson: served instead of generated content. */
  recordings?: string;
  /** The seed of the generated content. */
  seed?: string;
  /** The clock by which generated content grows; a test that freezes it freezes the content, not the tokens. */
  now?: () => Date;
  scale?: GeneratedScale;
  /** The only accepted credentials; without them any non-empty ones are accepted. */
  credentials?: SandboxCredentials;
  tokenLifetimeSeconds?: number;
  rateLimit?: Partial<RateLimit>;
  faults?: Partial<SandboxFaults>;
  /** The clock of tokens and rate windows, in milliseconds. */
  clock?: () => number;
}

const REDDITS_RATE: RateLimit = { requests: 1_000, windowSeconds: 600, throttle: true };

/** A local stand-in for www.reddit.com and oauth.reddit.com, both at one address. */
export function createRedditSandbox(options: RedditSandboxOptions = {}) {
  const clock = options.clock ?? Date.now;
  const now = options.now ?? (() => new Date());
  const original = options.recordings
    ? createRecordedContent(options.recordings)
    : createGeneratedContent({ seed: options.seed ?? 'taskloom', now, scale: options.scale });
  const { content, oddities, change: changeContent } = createChangeableContent(original, now);
  const tokens = createTokenStore({
    credentials: options.credentials,
    lifetimeSeconds: options.tokenLifetimeSeconds ?? 3_600,
    clock,
  });
  const rate = createRateWindow({ ...REDDITS_RATE, ...options.rateLimit }, clock);
  const faults = createFaultPlan(options.faults);
  const requests = createRequestLog();

  function setFaults({ revokeTokens, ...change }: FaultChange): void {
    if (revokeTokens) tokens.revokeAll();
    faults.change(change);
  }

  // snoowrap writes some paths with a slash at either end, other clients add `.json`.
  const app = Fastify({
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true },
    rewriteUrl: (request) => (request.url ?? '/').replace(/\.json(?=\/?(\?|$))/, ''),
  });
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(body as string))),
  );
  app.addHook('onRequest', async (_request, reply) => void reply.header('x-taskloom-sandbox', content.kind));
  app.setNotFoundHandler((_request, reply) => refuse(reply, 404));
  registerAdminRoutes(app, { content, changeContent, faults, requests, setFaults });

  function logRequest(request: FastifyRequest, status: number, fault?: string): void {
    const form = request.body as Query | null | undefined;
    const query = form?.grant_type ? { grant_type: form.grant_type } : { ...(request.query as Query), ...form };
    requests.add({
      method: request.method,
      path: request.url.split('?')[0]!,
      query: query as Record<string, string>,
      status,
      ...(fault ? { fault } : {}),
    });
  }

  /** The routes of Reddit's API: requests are logged, and faults apply. */
  app.register(async (reddit) => {
    reddit.addHook('onSend', async (request, reply) =>
      logRequest(request, reply.statusCode, reply.getHeader(FAULT_HEADER) as string | undefined),
    );
    addFaultHooks(reddit, faults, (request) => logRequest(request, 0, 'reset'));
    registerTokenRoute(reddit, tokens);
    reddit.register(async (oauth) => {
      addOauthHooks(oauth);
      registerAccountRoutes(oauth, tokens);
      registerListingRoutes(oauth, { content, faults });
      registerCommentRoutes(oauth, { content, oddities });
    });
  });

  function addOauthHooks(oauth: FastifyInstance): void {
    oauth.addHook('preHandler', async (request, reply) => {
      const { raw_json: rawJson } = { ...(request.query as Query), ...(request.body as Query | null) };
      reply.type('application/json; charset=UTF-8').serializer(rawJson === '1' ? JSON.stringify : stringifyEscaped);
      const grant = tokens.check(request.headers.authorization);
      if (!grant) return refuse(reply.header('www-authenticate', 'Bearer realm="reddit", error="invalid_token"'), 401);
      const state = rate.spend(grant.clientId);
      reply.headers(state.headers);
      if (faults.current().isResetEpoch)
        reply.header('x-ratelimit-reset', String(Math.floor(clock() / 1_000) + state.resetSeconds));
      if (state.isExhausted) return refuse(reply.header('retry-after', String(state.resetSeconds)), 429);
    });
  }

  return {
    contentKind: content.kind,
    /** Names of the public subreddits; those with the most posts come first. */
    subreddits: (): string[] => {
      const postsOf = new Map(
        content
          .subredditNames()
          .filter((name) => content.subreddit(name)?.access === 'public')
          .map((name) => [name, content.listing(name, 'new', 'all').length]),
      );
      return [...postsOf.keys()].sort((a, b) => (postsOf.get(b) ?? 0) - (postsOf.get(a) ?? 0));
    },
    requests,
    /** Deletes, removes, loses or edits things from now on, or makes answers about them odd. */
    changeContent,
    setFaults,
    async listen({ port = 0, host = '127.0.0.1' }: { port?: number; host?: string } = {}): Promise<{
      port: number;
      url: string;
    }> {
      await app.listen({ port, host });
      const bound = app.server.address() as AddressInfo;
      return { port: bound.port, url: `http://${host}:${bound.port}` };
    },
    close: () => app.close(),
    /** Restores the initial faults and empties the log and rate windows. Tokens stay valid. */
    reset(): void {
      faults.reset();
      requests.clear();
      rate.reset();
    },
  };
}

export type RedditSandbox = ReturnType<typeof createRedditSandbox>;

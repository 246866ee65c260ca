import { setTimeout as sleep } from 'node:timers/promises';
import { createRequestGate, TurnIsLater, type Asker } from '../reddit-budget/request-gate';
import type { RedditAsker, RedditClient } from './reddit-client';
import { RedditError } from '../../shared/reddit-error';
import { isRetryable, rateOf } from './reddit-failures';
import { toCommentTree, toInfo, toListingPage, toMoreChildren, toSubreddit } from './reddit-mappers';
import { abortedError, createSnoowrapTransport, type RedditLogin, type RedditRequest } from './snoowrap-transport';
import type { RequestReport } from '../reddit-budget/budget-commands';
import type { RedditBudget } from '../reddit-budget/reddit-budget';

export interface RedditClientOptions extends RedditLogin {
  budget: RedditBudget;
  isSandbox: boolean;
  log: { warn(fields: object, message: string): void };
  /** How often one request is tried, the first try included. */
  tries?: number;
  /** The pause before the second try. Each later pause is twice as long; all vary randomly by half. */
  backoffMs?: number;
  /** A longer wait, for the budget or by Reddit's order, is thrown as a RedditError with `retryAfterMs`. */
  longestWaitMs?: number;
  requestTimeoutMs?: number;
  /** Concurrent requests of this process. It suffices for the whole budget when answers take seconds. */
  requestsAtOnce?: number;
}

/** An answer with which a mapper has not reckoned is an unreadable one. */
function reading<T>(read: (body: unknown) => T, body: unknown): T {
  try {
    return read(body);
  } catch (error) {
    if (error instanceof RedditError) throw error;
    throw new RedditError('malformed', "Reddit's answer cannot be read", { cause: error });
  }
}

/** How long a 429 without a time closes the budget. */
const UNTOLD_CLOSURE_MS = 10_000;
const DEFAULT_PRIORITY = 5;
/** Returned in place of an answer when the token was refused and a new one should be tried. */
const RENEWED = Symbol('renewed');
const PROBE: Asker = { flow: 'probe', weight: 10, isExclusive: false, patienceMs: 2_000, isParkable: false };

/**
 * The only client of Reddit. It sends a few requests at a time, each granted by the budget that all processes share.
 */
export function createRedditClient(options: RedditClientOptions): RedditClient {
  const {
    tries = 3,
    backoffMs = 500,
    longestWaitMs = 5_000,
    requestTimeoutMs = 30_000,
    requestsAtOnce = 5,
    log,
  } = options;
  if (process.env.NODE_ENV === 'test' && !(options.oauthBaseUrl && options.wwwBaseUrl))
    throw new Error('a test must set both base URLs: without them this client calls the real Reddit');
  const transport = createSnoowrapTransport(options, requestTimeoutMs);
  const gate = createRequestGate({ budget: options.budget, atOnce: requestsAtOnce, log });
  let renewing: Promise<void> | undefined;

  async function pause(ms: number, signal?: AbortSignal): Promise<void> {
    await sleep(ms, undefined, { signal }).catch(() => Promise.reject(abortedError(signal)));
  }

  /**
   * Requests that find no token share one login. A request that is aborted meanwhile leaves the login running for the
   * others.
   */
  async function ensureToken(signal?: AbortSignal): Promise<void> {
    if (transport.hasToken()) return;
    renewing ??= transport.renewToken().finally(() => (renewing = undefined));
    const login = renewing;
    await new Promise<void>((resolve, reject) => {
      const onAbort = () => reject(abortedError(signal));
      signal?.addEventListener('abort', onAbort, { once: true });
      login.then(resolve, reject).finally(() => signal?.removeEventListener('abort', onAbort));
    });
  }

  async function enter(asker: Asker, signal?: AbortSignal): Promise<number> {
    try {
      return await gate.enter(asker, signal);
    } catch (error) {
      if (signal?.aborted) throw abortedError(signal);
      if (error instanceof TurnIsLater)
        throw new RedditError('rate_limited', `Waiting for a turn in Reddit's request budget: ${error.message}`, {
          retryAfterMs: error.retryAfterMs,
          cause: error.cause,
        });
      throw error;
    }
  }

  async function sendOnce(
    request: RedditRequest,
    asker: Asker,
    count: () => void,
    mayTryAnotherToken: boolean,
  ): Promise<unknown> {
    // The login comes before the request queues, so that a failed login costs no turn. A token outlives the wait.
    await ensureToken(request.signal);
    const outcome: RequestReport = { id: await enter(asker, request.signal) };
    let token: string | undefined;
    try {
      token = transport.currentToken();
      count();
      return await transport.send({ ...request, onAnswer: (response) => (outcome.headers = rateOf(response)) });
    } catch (error) {
      // The token was revoked early. If a new one is refused too, the credentials are wrong.
      if (error instanceof RedditError && error.kind === 'unauthorized' && token !== undefined) {
        transport.dropToken(token);
        if (mayTryAnotherToken) return RENEWED;
      }
      if (error instanceof RedditError && error.kind === 'rate_limited')
        outcome.closeMs = error.details.retryAfterMs ?? UNTOLD_CLOSURE_MS;
      throw error;
    } finally {
      gate.leave(outcome);
    }
  }

  async function sendWithToken(request: RedditRequest, asker: Asker, count: () => void): Promise<unknown> {
    const answer = await sendOnce(request, asker, count, true);
    return answer === RENEWED ? sendOnce(request, asker, count, false) : answer;
  }

  async function sendPatiently<T>(
    request: RedditRequest,
    asker: Asker,
    read: (body: unknown) => T,
    count: () => void,
  ): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      const beganAt = performance.now();
      try {
        return reading(read, await sendWithToken(request, asker, count));
      } catch (error) {
        // An error without a status comes from the budget: the turn comes later than this call waits.
        if (
          !isRetryable(error) ||
          attempt >= tries ||
          (error.kind === 'rate_limited' && error.details.status === undefined)
        )
          throw error;
        const waitMs = Math.max(
          backoffMs * 2 ** (attempt - 1) * (0.5 + Math.random()),
          error.details.retryAfterMs ?? 0,
        );
        // A failure that took long is not retried here, because the caller can wait without holding a slot.
        if (waitMs > longestWaitMs || performance.now() - beganAt > longestWaitMs) throw error;
        log.warn({ attempt, waitMs: Math.round(waitMs), kind: error.kind }, `${error.message}: trying again`);
        await pause(waitMs, request.signal);
      }
    }
  }

  function scoped(who: RedditAsker, countAbove: () => void): RedditClient {
    let sent = 0;
    const count = () => {
      sent += 1;
      countAbove();
    };
    const asker: Asker = {
      flow: who.configId === null ? 'none' : String(who.configId),
      weight: who.priority ?? DEFAULT_PRIORITY,
      isExclusive: false,
      patienceMs: longestWaitMs,
      isParkable: true,
    };
    const send = <T>(request: RedditRequest, read: (body: unknown) => T, isExclusive = false) =>
      sendPatiently(request, { ...asker, isExclusive }, read, count);
    return {
      isSandbox: options.isSandbox,
      requestsSent: () => sent,
      scoped: (next = who) => scoped(next, count),
      listPosts: ({ subreddit, sort, timeFilter, limit, after }, signal) => {
        const t = sort === 'top' || sort === 'controversial' ? timeFilter : undefined;
        return send(
          { uri: `r/${subreddit}/${sort}`, qs: { limit, t, after: after ?? undefined }, signal },
          toListingPage,
        );
      },
      getComments: ({ postId, comment, limit, depth, sort }, signal) =>
        send(
          {
            uri: `comments/${postId}`,
            qs: { comment: comment?.id, context: comment && 0, limit, depth, sort },
            signal,
          },
          (body) => toCommentTree(body, comment?.depth ?? 0),
        ),
      getMoreChildren: ({ postId, children, depthOf, sort }, signal) => {
        // Sent by POST, because a hundred ids make a long URL. Reddit answers one such request at a time.
        const form = {
          api_type: 'json',
          link_id: `t3_${postId}`,
          children: children.join(','),
          ...(sort ? { sort } : {}),
        };
        return send(
          { uri: 'api/morechildren', method: 'post', form, signal },
          (body) => toMoreChildren(body, depthOf),
          true,
        );
      },
      getInfo: (fullnames, signal) => send({ uri: 'api/info', qs: { id: fullnames.join(',') }, signal }, toInfo),
      getSubreddit: (name, signal) => send({ uri: `r/${name}/about`, signal }, toSubreddit),
      probe: async (signal) => {
        await sendWithToken({ uri: 'api/info', qs: { id: 't5_2qh33' }, signal }, PROBE, count);
      },
    };
  }
  return scoped({ configId: null }, () => undefined);
}

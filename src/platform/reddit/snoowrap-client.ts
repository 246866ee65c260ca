import pLimit from 'p-limit';
import { setTimeout as sleep } from 'node:timers/promises';
import { RedditError, type RedditClient } from './reddit-client';
import { isRetryable } from './reddit-failures';
import { toCommentTree, toInfo, toListingPage, toMoreChildren, toSubreddit } from './reddit-mappers';
import { abortedError, createSnoowrapTransport, type RedditLogin, type RedditRequest } from './snoowrap-transport';

export interface RedditClientOptions extends RedditLogin {
  isSandbox: boolean;
  log: { warn(fields: object, message: string): void };
  /** Tries of one request, the first included. */
  tries?: number;
  /** The first pause between two tries; each later one is twice as long, and all of them vary by half. */
  backoffMs?: number;
  /** A longer wait than this is left to the caller, who is told how long. */
  longestRetryAfterMs?: number;
  requestTimeoutMs?: number;
}

/** The only way to Reddit: one request at a time, under the budget that Reddit's headers tell. */
export function createRedditClient(options: RedditClientOptions): RedditClient {
  const { tries = 3, backoffMs = 500, longestRetryAfterMs = 60_000, requestTimeoutMs = 30_000, log } = options;
  if (process.env.NODE_ENV === 'test' && !(options.oauthBaseUrl && options.wwwBaseUrl)) throw new Error('a test must set both base URLs: without them this client calls the real Reddit');
  const transport = createSnoowrapTransport(options, requestTimeoutMs);
  const oneAtATime = pLimit(1);

  /** Waits for its turn; gives up its place, and what it waits for, when aborted. */
  function inTurn<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (signal?.aborted) return Promise.reject(abortedError(signal));
    return new Promise((resolve, reject) => {
      const onAbort = () => reject(abortedError(signal));
      signal?.addEventListener('abort', onAbort, { once: true });
      oneAtATime(() => (signal?.aborted ? Promise.reject(abortedError(signal)) : work()))
        .then(resolve, reject)
        .finally(() => signal?.removeEventListener('abort', onAbort));
    });
  }

  async function pause(ms: number, signal?: AbortSignal): Promise<void> {
    await sleep(ms, undefined, { signal }).catch(() => Promise.reject(abortedError(signal)));
  }

  async function sendOnce(request: RedditRequest, count: () => void): Promise<unknown> {
    if (!transport.hasToken()) await transport.renewToken(request.signal);
    try {
      count();
      return await transport.send(request);
    } catch (error) {
      if (!(error instanceof RedditError) || error.kind !== 'unauthorized') throw error;
      // Revoked before its time: a new token mends it, or the credentials are bad.
      transport.dropToken();
      await transport.renewToken(request.signal);
      count();
      return transport.send(request);
    }
  }

  async function waitForBudget(signal?: AbortSignal): Promise<void> {
    const waitMs = transport.exhaustedForMs();
    if (waitMs === 0) return;
    log.warn({ waitMs }, "Reddit's request budget is used up: waiting for the next one");
    await pause(waitMs, signal);
  }

  /** Its pauses keep the place in the queue: whoever asks Reddit meanwhile would make things worse. */
  async function sendPatiently<T>(request: RedditRequest, read: (body: unknown) => T, count: () => void): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      await waitForBudget(request.signal);
      try {
        return read(await sendOnce(request, count));
      } catch (error) {
        if (!isRetryable(error) || attempt >= tries) throw error;
        const waitMs = Math.max(backoffMs * 2 ** (attempt - 1) * (0.5 + Math.random()), error.details.retryAfterMs ?? 0);
        if (waitMs > longestRetryAfterMs) throw error;
        log.warn({ attempt, waitMs: Math.round(waitMs), kind: error.kind }, `${error.message}: trying again`);
        await pause(waitMs, request.signal);
      }
    }
  }

  function scoped(countAbove: () => void): RedditClient {
    let sent = 0;
    const count = () => {
      sent += 1;
      countAbove();
    };
    const send = <T>(request: RedditRequest, read: (body: unknown) => T) => inTurn(() => sendPatiently(request, read, count), request.signal);
    return {
      isSandbox: options.isSandbox,
      requestsSent: () => sent,
      scoped: () => scoped(count),
      listPosts: ({ subreddit, sort, timeFilter, limit, after }, signal) => {
        const t = sort === 'top' || sort === 'controversial' ? timeFilter : undefined;
        return send({ uri: `r/${subreddit}/${sort}`, qs: { limit, t, after: after ?? undefined }, signal }, toListingPage);
      },
      getComments: ({ postId, comment, limit, depth }, signal) =>
        send({ uri: `comments/${postId}`, qs: { comment: comment?.id, context: comment && 0, limit, depth }, signal }, (body) => toCommentTree(body, comment?.depth ?? 0)),
      getMoreChildren: ({ postId, children, depthOf }, signal) => {
        // By POST: a hundred ids make a long address.
        const form = { api_type: 'json', link_id: `t3_${postId}`, children: children.join(',') };
        return send({ uri: 'api/morechildren', method: 'post', form, signal }, (body) => toMoreChildren(body, depthOf));
      },
      getInfo: (fullnames, signal) => send({ uri: 'api/info', qs: { id: fullnames.join(',') }, signal }, toInfo),
      getSubreddit: (name, signal) => send({ uri: `r/${name}/about`, signal }, toSubreddit),
      probe: async (signal) => {
        const retryAfterMs = transport.exhaustedForMs();
        if (retryAfterMs > 0) throw new RedditError('rate_limited', "Reddit's request budget is used up", { retryAfterMs });
        await inTurn(() => sendOnce({ uri: 'api/info', qs: { id: 't5_2qh33' }, signal }, count), signal);
      },
    };
  }
  return scoped(() => undefined);
}

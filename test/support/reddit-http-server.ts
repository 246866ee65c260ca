import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { openBudget } from './open-budget';
import type { RedditError } from '../../src/shared/reddit-error';
import { createRedditClient, type RedditClientOptions } from '../../src/platform/reddit/snoowrap-client';

interface Seen {
  path: string;
  query: Record<string, string>;
  headers: http.IncomingHttpHeaders;
  body: string;
}
export type Answer = {
  status?: number;
  headers?: Record<string, string>;
  body?: unknown;
  raw?: (response: http.ServerResponse) => void;
  delayMs?: number;
};

/** A real HTTP server. It issues the tokens t1, t2, … and answers other requests by `answer`. */
export async function serveReddit(
  answer: (request: Seen, count: number) => Answer,
  tokens: (request: Seen) => Answer = () => ({}),
) {
  const seen: Seen[] = [];
  const logins: Seen[] = [];
  let running = 0;
  let mostAtOnce = 0;
  const server = http.createServer((request, response) => {
    void (async () => {
      running += 1;
      mostAtOnce = Math.max(mostAtOnce, running);
      let body = '';
      for await (const chunk of request) body += String(chunk);
      const url = new URL(request.url ?? '', 'http://localhost');
      const entry: Seen = {
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        headers: request.headers,
        body,
      };
      const isLogin = url.pathname === '/api/v1/access_token';
      (isLogin ? logins : seen).push(entry);
      const given = isLogin
        ? {
            body: { access_token: `t${logins.length}`, token_type: 'bearer', expires_in: 3600, scope: '*' },
            ...tokens(entry),
          }
        : answer(entry, seen.length);
      if (given.delayMs) await new Promise((resolve) => setTimeout(resolve, given.delayMs));
      running -= 1;
      if (given.raw) return given.raw(response);
      response.writeHead(given.status ?? 200, { 'content-type': 'application/json', ...given.headers });
      response.end(typeof given.body === 'string' ? given.body : JSON.stringify(given.body ?? listing([])));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  servers.push(server);
  return { url, seen, logins, mostAtOnce: () => mostAtOnce };
}
const servers: http.Server[] = [];
/** Closes the servers of a test; for `afterEach`. */
export async function closeServers(): Promise<void> {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

export const listing = (children: unknown[], after: string | null = null) => ({
  kind: 'Listing',
  data: { children, after },
});
export const post = (id: string) => ({
  kind: 't3',
  data: { id, title: id, subreddit: 'funny', created_utc: 1439797480 },
});
/** A client of the served Reddit with a budget that grants every request at once. */
export const client = (url: string, options: Partial<RedditClientOptions> = {}) =>
  createRedditClient({
    budget: openBudget(),
    clientId: 'id',
    clientSecret: 'secret',
    userAgent: 'linux:test:1 (by /u/test)',
    oauthBaseUrl: url,
    wwwBaseUrl: url,
    isSandbox: true,
    log: { warn: () => undefined },
    backoffMs: 1,
    ...options,
  });
export const hot = { subreddit: 'funny', sort: 'hot', limit: 25 } as const;
/** The error of a promise that must be rejected. */
export const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: RedditError) => error,
  );

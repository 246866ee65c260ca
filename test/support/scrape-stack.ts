import { openBudget } from './open-budget';
import { createRedditClient, type RedditClientOptions } from '../../src/platform/reddit/snoowrap-client';
import {
  createRedditSandbox,
  type RedditSandbox,
  type RedditSandboxOptions,
} from '../../src/reddit-sandbox/sandbox-server';
import type { RedditClient } from '../../src/platform/reddit/reddit-client';

export interface ScrapedWorld {
  sandbox: RedditSandbox;
  url: string;
  reddit: RedditClient;
}

/** Starts a sandbox on a free port, and a client of it. */
export async function startWorld(
  options: RedditSandboxOptions,
  client: Partial<Omit<RedditClientOptions, 'budget'>> = {},
): Promise<ScrapedWorld> {
  const sandbox = createRedditSandbox({ ...options, rateLimit: { requests: 10_000_000, ...options.rateLimit } });
  const { url } = await sandbox.listen();
  const reddit = createRedditClient({
    clientId: 'id',
    clientSecret: 'secret',
    userAgent: 'linux:taskloom-test:1 (by /u/test)',
    oauthBaseUrl: url,
    wwwBaseUrl: url,
    isSandbox: true,
    log: { warn: () => undefined },
    backoffMs: 1,
    budget: openBudget(),
    ...client,
  });
  return { sandbox, url, reddit };
}

/** Counts the requests to the sandbox by kind and outcome, logins apart. */
export function countRequests({ requests }: RedditSandbox) {
  const asked = requests.entries.filter(({ path }) => !path.includes('access_token'));
  const isListing = (path: string) => /^\/r\/\w+\/(hot|new|top|rising|controversial)$/.test(path);
  const ok = asked.filter(({ status, fault }) => status === 200 && !fault);
  return {
    all: asked.length,
    failed: asked.length - ok.length,
    /** `struck`: spoilt by a fault of the sandbox. `expired`: refused because the token had expired. */
    struck: asked.filter(({ fault }) => fault).length,
    expired: asked.filter(({ status, fault }) => status === 401 && !fault).length,
    faults: new Set(asked.map(({ fault }) => fault)),
    logins: requests.entries.filter(({ path, status }) => path.includes('access_token') && status === 200).length,
    ok: ok.length,
    listings: ok.filter(({ path }) => isListing(path)).length,
    trees: ok.filter(({ path, query }) => path.includes('/comments/') && !query['comment']).length,
    expansions: ok.filter(
      ({ path, query }) => path.includes('morechildren') || (path.includes('/comments/') && query['comment']),
    ).length,
  };
}

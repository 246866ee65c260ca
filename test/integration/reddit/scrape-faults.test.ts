import { contentOf, type WorldContent } from '../../support/least-requests';
import { countRequests, startWorld, type ScrapedWorld } from '../../support/scrape-stack';
import { waitFor } from '../../support/process';
import { createProcessBench } from '../../support/worker-process';
import { createTestNamespace } from '../../support/temporal-namespace';
import type { RedditSandbox, RedditSandboxOptions } from '../../../src/reddit-sandbox/sandbox-server';

jest.setTimeout(300_000);

/** Grown threads, some of them beyond 500 comments and ten levels, beside fresh posts with few. */
const SUBREDDITS = ['history', 'programming'];
const POSTS = 130;
/** In place of the usual 30, so that a few requests that are never answered do not make the test last minutes. */
const CLIENT_WAITS_SECONDS = 3;
const parameters = {
  subreddits: SUBREDDITS,
  sort: 'new',
  posts_limit: POSTS,
  comments_limit: 10_000,
  expand_more: 1000,
};

const bench = createProcessBench({
  connect: createTestNamespace,
  more: { REDDIT_REQUEST_TIMEOUT_SECONDS: String(CLIENT_WAITS_SECONDS) },
});
const { rowOf } = bench;
let world: ScrapedWorld | undefined;
let now: Date;

beforeEach(async () => {
  now = new Date('2026-05-01T12:00:00Z');
  await bench.db.database.raw('truncate reddit_posts, task_executions, task_configs cascade');
});
afterEach(async () => {
  await world?.sandbox.close();
  world = undefined;
});

const generated = { seed: 'scrape-faults', now: () => now };

async function openWorld(options: RedditSandboxOptions = {}): Promise<ScrapedWorld> {
  world = await startWorld({ ...generated, rateLimit: { throttle: false }, ...options });
  return world;
}
const startWorker = () => bench.startWorker({ redditUrl: world!.url });
async function start(wanted: Record<string, unknown>) {
  const handle = await bench.startConfig({ taskType: 'REDDIT_SCRAPE', parameters: wanted });
  return {
    handle,
    result: async () =>
      (await handle.result()) as {
        requests: number;
        posts: { new: number };
        comments: { new: number; updated: number; unchanged: number };
        requests_saved: object;
      },
  };
}
const idsOf = async (table: string) =>
  (await bench.db.database(table).select<{ id: string }[]>('id').orderBy('id')).map((row) => row.id);
const outcomesOf = async (workflowId: string) =>
  (await bench.attemptsOf((await rowOf(workflowId)).id)).map((attempt) => attempt.outcome as string);

async function expectEverything(result: {
  posts: { new: number };
  comments: { new: number; updated: number; unchanged: number };
}) {
  const content = contentOf(generated, SUBREDDITS, POSTS);
  expect(await idsOf('reddit_posts')).toEqual([...content.posts].sort());
  expect(await idsOf('reddit_comments')).toEqual([...content.comments].sort());
  expect(result).toMatchObject({
    posts: { new: content.posts.length },
    comments: { new: content.comments.length, updated: 0, unchanged: 0 },
    unexpanded: 0,
    threads_failed: 0,
    malformed: 0,
  });
  return content;
}
/**
 * All known faults of Reddit at once: every 7th answer a 503, 429 in bursts, bodies cut in half, pages of HTML,
 * broken connections, posts that are none, one answer in twelve taking one to two seconds, one in sixty longer than
 * the client waits. With 20 ms for all the others the scrape lasts as long as it takes the tokens to expire in its
 * midst.
 */
const badDay: RedditSandboxOptions['faults'] = {
  errorEvery: 7,
  rateLimitEvery: 37,
  rateLimitBurst: 3,
  retryAfterSeconds: 1,
  truncateEvery: 19,
  htmlEvery: 29,
  resetEvery: 31,
  malformedEvery: 97,
  latencyMs: 20,
  slowEvery: 12,
  slowMs: 1_000,
  hangEvery: 60,
  hangMs: 2 * CLIENT_WAITS_SECONDS * 1_000,
};

/**
 * Against the least possible (test/support/least-requests): what nobody could do without to see all of it, had nothing
 * gone wrong. Not counted against the scrape is what had to be asked again: an answer that a fault struck, one refused
 * for an expired token, and a page with spoilt items, once.
 */
function expectFewRequests(sandbox: RedditSandbox, content: WorldContent) {
  const asked = countRequests(sandbox);
  const spoiltPages = asked.listings - content.leastListing;
  expect(spoiltPages).toBeLessThanOrEqual(content.leastListing);
  expect(asked.ok).toBeGreaterThanOrEqual(content.leastRequests);
  expect(asked.ok - spoiltPages).toBeLessThanOrEqual(content.leastRequests * 1.05);
  expect(asked.failed).toBe(asked.struck + asked.expired);
  return asked;
}

test('stores all content once with the fewest requests and no retry under all faults and tokens of 30 s', async () => {
  const { sandbox } = await openWorld({ faults: badDay, tokenLifetimeSeconds: 30 });
  await startWorker();
  const { handle, result } = await start(parameters);
  const content = await expectEverything(await result());
  const asked = expectFewRequests(sandbox, content);
  expect(asked.struck).toBeGreaterThan(content.leastRequests / 7);
  for (const fault of ['error', 'rate-limit', 'truncate', 'html', 'reset', 'hang'])
    expect([fault, asked.faults.has(fault)]).toEqual([fault, true]);
  // One to begin with; the others because it expired.
  expect(asked.logins).toBeGreaterThan(1);
  expect(await outcomesOf(handle.workflowId)).toEqual(['succeeded']);
});

test('loses and doubles nothing when its worker is killed three times under all faults and tokens of 3 s', async () => {
  const { sandbox } = await openWorld({ faults: badDay, tokenLifetimeSeconds: 3 });
  let worker = await startWorker();
  const { handle, result } = await start(parameters);
  for (const requests of [40, 110, 180]) {
    await waitFor(async () => countRequests(sandbox).all >= requests);
    await worker.kill();
    worker = await startWorker();
  }
  const content = await expectEverything(await result());
  expectFewRequests(sandbox, content);
  // A worker lost is told as that, once, however many subreddits were at work; it costs no retry.
  expect(await outcomesOf(handle.workflowId)).toEqual(['lost', 'lost', 'lost', 'succeeded']);
  expect(await rowOf(handle.workflowId)).toMatchObject({ status: 'succeeded', attempt: 4 });
});

test('an incremental scrape costs a request a subreddit when nothing is new, and otherwise what is new', async () => {
  const scale = { posts: 300, commentsPerPost: 5 };
  const { sandbox } = await openWorld({ scale });
  await startWorker();
  const wanted = { ...parameters, posts_limit: 250, incremental: true };
  await (await start(wanted)).result();
  expect(countRequests(sandbox)).toMatchObject({ listings: 6, trees: 500 });

  sandbox.requests.clear();
  const again = await (await start(wanted)).result();
  expect(countRequests(sandbox)).toMatchObject({ all: 2, listings: 2 });
  expect(again).toMatchObject({
    requests: 2,
    requests_saved: { unchanged_threads: 200, watermark: 4 },
    posts: { new: 0 },
  });

  const before = new Set(contentOf({ ...generated, scale }, SUBREDDITS, 250).posts);
  // r/programming gets a post every 30 s, r/history one every half hour.
  for (let fresh = 0; fresh < 3;) {
    now = new Date(now.getTime() + 1_000);
    fresh = contentOf({ ...generated, scale }, SUBREDDITS, 250).posts.filter((id) => !before.has(id)).length;
  }
  sandbox.requests.clear();
  const grown = await (await start(wanted)).result();
  expect(grown).toMatchObject({ posts: { new: 3 }, comments: { new: 15 }, requests: 5 });
  expect(countRequests(sandbox)).toMatchObject({ all: 5, listings: 2, trees: 3 });
});

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createRedditClient } from '../../../src/platform/reddit/snoowrap-client';
import {
  createRedditSandbox,
  type RedditSandbox,
  type RedditSandboxOptions,
} from '../../../src/reddit-sandbox/sandbox-server';
import {
  createRedditContentRepository,
  type RedditContentRepository,
} from '../../../src/storage/reddit/reddit-content-repository';
import { createRedditScrapeRepository } from '../../../src/storage/reddit/reddit-scrape-repository';
import { runLanes } from '../../support/scrape-lanes';
import { openBudget } from '../../support/open-budget';
import { insertExecution } from '../../support/api-support';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';
import type { RedditClient } from '../../../src/platform/reddit/reddit-client';
import type { ScrapeMemory } from '../../../src/tasks/ports/scrape-memory';

const RECORDINGS = path.resolve(__dirname, '../../../../shared/reddit-recordings');
const hasRecordings = existsSync(path.join(RECORDINGS, 'posts.ndjson'));
if (!hasRecordings)
  console.warn('The Reddit recordings are not beside the project: the tests that scrape them are skipped');
const onRecordings = hasRecordings ? describe : describe.skip;

let db: TestDatabase;
let content: RedditContentRepository;
let scrapes: ScrapeMemory;
let sandbox: RedditSandbox | undefined;
beforeAll(async () => {
  db = await createTestDatabase();
  content = createRedditContentRepository(db.database);
  scrapes = createRedditScrapeRepository(db.database);
});
afterAll(() => db.drop());
beforeEach(() => db.database.raw('truncate reddit_posts cascade'));
afterEach(async () => {
  await sandbox?.close();
  sandbox = undefined;
});

async function connect(options: RedditSandboxOptions): Promise<RedditClient> {
  sandbox = createRedditSandbox({ rateLimit: { requests: 10_000_000 }, ...options });
  const { url } = await sandbox.listen();
  return createRedditClient({
    budget: openBudget(),
    clientId: 'id',
    clientSecret: 'secret',
    userAgent: 'linux:taskloom-test:1 (by /u/test)',
    oauthBaseUrl: url,
    wwwBaseUrl: url,
    isSandbox: true,
    log: { warn: () => undefined },
    backoffMs: 1,
  });
}

let executionId = 0;
beforeEach(async () => {
  executionId = await insertExecution(db.database, { status: 'running' });
});

/** One try, after which `states()` tells where it stood. */
function attempt(
  reddit: RedditClient,
  parameters: object,
  given: { states?: unknown[]; startedAt?: Date; signal?: AbortSignal; onSave?: () => void } = {},
) {
  return runLanes({ reddit, content, scrapes }, parameters, { executionId, startedAt: new Date(), ...given });
}
/** Another run: what this one has listed is nothing to it. */
const nextRun = async () => {
  executionId = await insertExecution(db.database, { status: 'running' });
};
const rowsOf = async (table: string) =>
  (await db.database.raw<{ rows: Record<string, unknown>[] }>(`select xmin::text, t.* from ${table} t order by id`))
    .rows;
const everything = {
  subreddits: ['funny'],
  posts_limit: 1000,
  comments_limit: 10_000,
  expand_more: 1000,
  reread_unchanged: true,
};

onRecordings('real objects of Reddit', () => {
  const readLines = (file: string) =>
    readFileSync(path.join(RECORDINGS, file), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const recorded = hasRecordings
    ? readLines('comments.ndjson').filter((comment) => comment.link_id === 't3_3hahrw')
    : [];

  /** As the recordings themselves tell it, by walking up the parents. */
  function expectedTree() {
    const parents = new Map(recorded.map((comment) => [comment.name as string, comment.parent_id as string]));
    const depth = (name: string): number =>
      parents.get(name)?.startsWith('t1_') ? depth(parents.get(name) ?? '') + 1 : 0;
    return recorded
      .map((comment) => ({
        id: comment.id as string,
        parent_id: comment.parent_id,
        depth: depth(comment.name as string),
        is_deleted: comment.author === '[deleted]' && comment.body === '[deleted]',
      }))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }
  const storedTree = async () =>
    (await rowsOf('reddit_comments')).map(({ id, parent_id, depth, is_deleted }) => ({
      id,
      parent_id,
      depth,
      is_deleted,
    }));

  test('r/funny with everything unfolded: all 541 comments of 3hahrw, parents, depths and deleted ones; a second scrape changes nothing', async () => {
    const reddit = await connect({ recordings: RECORDINGS });
    const first = await attempt(reddit, everything).result;
    expect(first).toMatchObject({
      source: 'sandbox',
      comments: { new: 541, updated: 0, unchanged: 0, deleted_marked: 6 },
      unexpanded: 0,
      malformed: 0,
      threads_failed: 0,
    });
    expect(first.requests).toBe(reddit.requestsSent());
    // A page, a request for each post that claims to have comments, and for 3hahrw: one for the 41 beyond 500, one wherever ten levels end.
    const discussed = readLines('posts.ndjson').filter(
      (one) => String(one.subreddit).toLowerCase() === 'funny' && Number(one.num_comments) > 0,
    ).length;
    const parents = new Set(recorded.map((comment) => String(comment.parent_id)));
    const places = expectedTree().filter(
      ({ id, depth }) => depth > 0 && depth % 9 === 0 && parents.has(`t1_${id}`),
    ).length;
    expect(first.requests).toBeLessThanOrEqual(Math.floor(1.05 * (1 + discussed + 1 + places)));
    expect(await storedTree()).toEqual(expectedTree());
    expect(Math.max(...(await storedTree()).map((row) => Number(row.depth)))).toBeGreaterThan(10);
    expect(await content.getPost('3hahrw')).toMatchObject({
      title: 'Ba Dum Tsss',
      score: 11702,
      upvoteRatio: 0.97,
      redditCreatedAt: new Date('2015-08-17T07:44:40Z'),
      isSandbox: true,
    });

    const before = [await rowsOf('reddit_posts'), await rowsOf('reddit_comments')];
    await nextRun();
    const second = await attempt(reddit, everything).result;
    expect(second).toMatchObject({
      posts: { new: 0, updated: 0, unchanged: before[0]!.length },
      comments: { new: 0, updated: 0, unchanged: 541, deleted_marked: 6 },
    });
    expect([await rowsOf('reddit_posts'), await rowsOf('reddit_comments')]).toEqual(before);
  });

  test.each<[string, RedditSandboxOptions]>([
    ['every 7th answer a 503, and tokens that expire', { faults: { errorEvery: 7 }, tokenLifetimeSeconds: 0.05 }],
    ['every 3rd answer cut off', { faults: { truncateEvery: 3 } }],
    ['every 3rd answer a page of HTML', { faults: { htmlEvery: 3 } }],
    ['every 3rd connection reset', { faults: { resetEvery: 3 } }],
    ['every 3rd answer a 429', { faults: { rateLimitEvery: 3, retryAfterSeconds: 0 } }],
  ])('the same with %s', async (_, options) => {
    const reddit = await connect({ recordings: RECORDINGS, ...options });
    expect(await attempt(reddit, everything).result).toMatchObject({
      comments: { new: 541 },
      unexpanded: 0,
      threads_failed: 0,
      requests: reddit.requestsSent(),
    });
    expect(await storedTree()).toEqual(expectedTree());
    expect(
      sandbox!.requests.entries.filter(
        (request) => request.status !== 200 || options.faults?.truncateEvery || options.faults?.htmlEvery,
      ),
    ).not.toEqual([]);
  });

  test('with many of them at once an attempt may fail, and the next ones end it', async () => {
    const faults = { errorEvery: 3, resetEvery: 4, rateLimitEvery: 7, retryAfterSeconds: 0 };
    const reddit = await connect({ recordings: RECORDINGS, faults, tokenLifetimeSeconds: 0.05 });
    const startedAt = new Date();
    let [states, attempts]: [unknown[] | undefined, number] = [undefined, 0];
    for (let result: unknown = null; !result && attempts < 20; attempts += 1) {
      const running = attempt(reddit, everything, { states, startedAt });
      result = await running.result.catch((error: Error) => {
        if (error.name !== 'RedditError') throw error;
      });
      states = running.states();
      if (result)
        expect(result).toMatchObject({
          comments: { new: 541, updated: 0, unchanged: 0 },
          unexpanded: 0,
          threads_failed: 0,
        });
    }
    expect([attempts > 1, attempts < 20]).toEqual([true, true]);
    expect(await storedTree()).toEqual(expectedTree());
  });

  test('broken off after every third step, and gone on with: everything once', async () => {
    const reddit = await connect({ recordings: RECORDINGS });
    const startedAt = new Date();
    let states: unknown[] | undefined;
    let attempts = 0;
    for (let result: unknown = null; !result; attempts += 1) {
      const stop = new AbortController();
      let steps = 0;
      const running = attempt(reddit, everything, {
        states,
        startedAt,
        signal: stop.signal,
        onSave: () => ++steps === 3 && stop.abort(new Error('stop')),
      });
      result = await running.result.catch((error: Error) => {
        if (error.message !== 'stop') throw error;
      });
      states = running.states();
      if (result)
        expect(result).toMatchObject({
          comments: { new: 541, updated: 0, unchanged: 0 },
          requests: reddit.requestsSent(),
        });
    }
    expect(attempts).toBeGreaterThan(3);
    expect(await storedTree()).toEqual(expectedTree());
    const asked = sandbox!.requests.entries
      .filter((request) => request.method === 'GET')
      .map((request) => JSON.stringify([request.path, request.query]));
    expect(new Set(asked).size).toBe(asked.length);
  });

  test('comments_depth and comments_limit', async () => {
    const reddit = await connect({ recordings: RECORDINGS });
    expect(await attempt(reddit, { ...everything, comments_depth: 2 }).result).toMatchObject({
      comments: { new: expectedTree().filter((row) => row.depth < 2).length },
      unexpanded: 0,
    });
    await db.database.raw('truncate reddit_posts cascade');
    await nextRun();
    expect(await attempt(reddit, { ...everything, comments_limit: 30 }).result).toMatchObject({
      comments: { new: 30 },
    });
    const ids = new Set((await storedTree()).map((row) => `t1_${String(row.id)}`));
    expect((await storedTree()).filter((row) => Number(row.depth) > 0 && !ids.has(String(row.parent_id)))).toEqual([]);
  });

  test('all 174 subreddits are read without a malformed item', async () => {
    const reddit = await connect({ recordings: RECORDINGS });
    const names = [...new Set(readLines('posts.ndjson').map((one) => String(one.subreddit)))].filter((name) =>
      /^[A-Za-z0-9][A-Za-z0-9_]{1,21}$/.test(name),
    );
    for (const subreddits of [names.slice(0, 90), names.slice(90)]) {
      expect(
        await attempt(reddit, { subreddits, sort: 'new', posts_limit: 1000, comments_limit: 0 }).result,
      ).toMatchObject({ malformed: 0 });
    }
    expect(await rowsOf('reddit_posts')).toHaveLength(
      readLines('posts.ndjson').filter((one) => names.includes(String(one.subreddit))).length,
    );
  });
});

describe('generated content', () => {
  const frozen = { now: () => new Date('2026-05-01T12:00:00Z') };

  test('malformed items are counted and the rest is stored; an unknown subreddit is an outcome', async () => {
    const reddit = await connect({ ...frozen, faults: { malformedEvery: 5 } });
    const result = await attempt(reddit, {
      subreddits: ['nosuchsubreddit', 'taskloom_private', 'typescript', 'taskloom_banned'],
      sort: 'new',
      posts_limit: 20,
      comments_limit: 0,
    }).result;
    expect(result).toMatchObject({
      subreddits: [
        { status: 'failed' },
        { status: 'failed', error: expect.stringContaining('private') },
        { status: 'succeeded' },
        { status: 'failed', error: expect.stringContaining('banned') },
      ],
    });
    expect(result.malformed).toBeGreaterThan(0);
    expect(await rowsOf('reddit_posts')).toHaveLength((result.posts as { new: number }).new);
  });

  test('a second scrape of a world that stands still changes nothing', async () => {
    const reddit = await connect(frozen);
    const parameters = {
      subreddits: ['history'],
      sort: 'top',
      time_filter: 'all',
      posts_limit: 20,
      comments_limit: 500,
      expand_more: 20,
      reread_unchanged: true,
    };
    const first = (await attempt(reddit, parameters).result) as { posts: { new: number }; comments: { new: number } };
    expect(first.posts.new).toBe(20);
    expect(first.comments.new).toBeGreaterThan(20);
    const before = [await rowsOf('reddit_posts'), await rowsOf('reddit_comments')];
    await nextRun();
    expect(await attempt(reddit, parameters).result).toMatchObject({
      posts: { new: 0, updated: 0, unchanged: 20 },
      comments: { new: 0, updated: 0, unchanged: first.comments.new },
    });
    expect([await rowsOf('reddit_posts'), await rowsOf('reddit_comments')]).toEqual(before);
  });

  test('a server that stays broken ends the attempt with an error worth a retry', async () => {
    const reddit = await connect({ ...frozen, faults: { errorEvery: 1 } });
    await expect(attempt(reddit, { subreddits: ['typescript'] }).result).rejects.toMatchObject({
      name: 'RedditError',
      kind: 'unavailable',
    });
  });
});

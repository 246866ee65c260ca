import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createScrapeBench } from '../../support/scrape-attempts';
import type { RedditSandboxOptions } from '../../../src/reddit-sandbox/sandbox-server';

/** Recorded objects of Reddit. They lie beside the project; without them these tests are skipped. */
const RECORDINGS = path.resolve(__dirname, '../../../../shared/reddit-recordings');
const hasRecordings = existsSync(path.join(RECORDINGS, 'posts.ndjson'));
const describeRecordings = hasRecordings ? describe : describe.skip;

const bench = createScrapeBench();
const { connect, attempt, nextRun, clearContent, rowsOf } = bench;
const everything = {
  subreddits: ['funny'],
  posts_limit: 1000,
  comments_limit: 10_000,
  expand_more: 1000,
  reread_unchanged: true,
};

describeRecordings('(needs ../shared/reddit-recordings) a scrape of recorded content', () => {
  const readLines = (file: string) =>
    readFileSync(path.join(RECORDINGS, file), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const recorded = hasRecordings
    ? readLines('comments.ndjson').filter((comment) => comment.link_id === 't3_3hahrw')
    : [];

  /** The tree as the recordings have it, with depths counted along the parents. */
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

  test('stores all 541 comments of post 3hahrw in their tree, and changes nothing in a second scrape', async () => {
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
    // A page, a request for each post that claims to have comments, and for 3hahrw one for the 41 comments beyond 500
    // and one wherever ten levels end.
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
    expect(await bench.content.getPost('3hahrw')).toMatchObject({
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
    ['every 7th answer a 503, and tokens that expire', { faults: { errorEvery: 7 }, tokenLifetimeSeconds: 0.5 }],
    ['every 3rd answer cut off', { faults: { truncateEvery: 3 } }],
    ['every 3rd answer a page of HTML', { faults: { htmlEvery: 3 } }],
    ['every 3rd connection reset', { faults: { resetEvery: 3 } }],
    ['every 3rd answer a 429', { faults: { rateLimitEvery: 3, retryAfterSeconds: 0 } }],
  ])('stores the same tree with %s', async (_, options) => {
    const reddit = await connect({ recordings: RECORDINGS, ...options });
    expect(await attempt(reddit, everything).result).toMatchObject({
      comments: { new: 541 },
      unexpanded: 0,
      threads_failed: 0,
      requests: reddit.requestsSent(),
    });
    expect(await storedTree()).toEqual(expectedTree());
    expect(
      bench.sandbox.requests.entries.filter(
        (request) => request.status !== 200 || options.faults?.truncateEvery || options.faults?.htmlEvery,
      ),
    ).not.toEqual([]);
  });

  test('is completed by later attempts when many faults at once fail an attempt', async () => {
    const faults = { errorEvery: 3, resetEvery: 4, rateLimitEvery: 7, retryAfterSeconds: 0 };
    const reddit = await connect({ recordings: RECORDINGS, faults, tokenLifetimeSeconds: 0.5 });
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

  test('stores and requests everything once when attempts are stopped after every third step', async () => {
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
    const asked = bench.sandbox.requests.entries
      .filter((request) => request.method === 'GET')
      .map((request) => JSON.stringify([request.path, request.query]));
    expect(new Set(asked).size).toBe(asked.length);
  });

  test('obeys comments_depth and comments_limit', async () => {
    const reddit = await connect({ recordings: RECORDINGS });
    expect(await attempt(reddit, { ...everything, comments_depth: 2 }).result).toMatchObject({
      comments: { new: expectedTree().filter((row) => row.depth < 2).length },
      unexpanded: 0,
    });
    await clearContent();
    await nextRun();
    expect(await attempt(reddit, { ...everything, comments_limit: 30 }).result).toMatchObject({
      comments: { new: 30 },
    });
    const ids = new Set((await storedTree()).map((row) => `t1_${String(row.id)}`));
    expect((await storedTree()).filter((row) => Number(row.depth) > 0 && !ids.has(String(row.parent_id)))).toEqual([]);
  });

  test('finds no malformed item in all 174 subreddits', async () => {
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

import { setTimeout as sleep } from 'node:timers/promises';
import {
  createRedditContentRepository,
  type RedditContentRepository,
} from '../../../src/storage/reddit/reddit-content-repository';
import { createRedditScrapeRepository } from '../../../src/storage/reddit/reddit-scrape-repository';
import { createRetentionRepository } from '../../../src/storage/executions/retention-repository';
import { contentOf } from '../../support/least-requests';
import { waitFor } from '../../support/process';
import { runLanes } from '../../support/scrape-lanes';
import { countRequests, startWorld, type ScrapedWorld } from '../../support/scrape-stack';
import { type TestDatabase, useTestDatabase } from '../../support/test-database';
import { insertExecution } from '../../support/api-support';
import type { RedditComment, RedditPost } from '../../../src/platform/reddit/reddit-client';
import type { ScrapeMemory } from '../../../src/tasks/ports/scrape-memory';

jest.setTimeout(120_000);

/** A scrape beside CLEANUP_CONTENT: posts go between the moment they were listed and the moment their comments come. */
const NOW = new Date('2026-05-01T12:00:00Z');
const generated = { seed: 'cleanup', now: () => NOW, scale: { posts: 12, commentsPerPost: 20 } };
let db: TestDatabase;
let content: RedditContentRepository;
let scrapes: ScrapeMemory;
let world: ScrapedWorld | undefined;

useTestDatabase('file', (created) => {
  db = created;
  content = createRedditContentRepository(db.database);
  scrapes = createRedditScrapeRepository(db.database);
});
beforeEach(() => db.database.raw('truncate reddit_posts, task_executions cascade'));
afterEach(async () => {
  await world?.sandbox.close();
  world = undefined;
});

const post = (id: string, score = 1) =>
  ({
    id,
    title: id,
    author: 'a',
    subreddit: 'books',
    subredditSubscribers: 1,
    content: 'x',
    url: null,
    domain: null,
    score,
    upvoteRatio: 0.5,
    numComments: 3,
    flairText: null,
    isSelf: true,
    isNsfw: false,
    isSpoiler: false,
    isPinned: false,
    isDeleted: false,
    editedAt: null,
    createdAt: NOW,
  }) satisfies RedditPost;
const comment = (id: string, postId: string, score = 1) =>
  ({
    id,
    postId,
    author: 'a',
    body: 'b',
    subreddit: 'books',
    parentId: `t3_${postId}`,
    depth: 0,
    isSubmitter: false,
    score,
    controversiality: 0,
    isDeleted: false,
    editedAt: null,
    createdAt: NOW,
  }) satisfies RedditComment;
const options = () => ({ runStartedAt: new Date(), isSandbox: true });
const reading = { commentsLimit: 3, commentsDepth: null, expandMore: 0 };
const countOf = async (table: string) => Number((await db.database(table).count())[0]?.['count']);

/** The result of a write that waits for a post whose deletion is not committed yet. */
async function whileDeleting<Answer>(id: string, write: () => Promise<Answer>): Promise<Answer> {
  const deletion = await db.database.transaction();
  await deletion('reddit_posts').where({ id }).del();
  const written = write();
  await waitFor(
    async () =>
      (
        await db.database.raw<{ rows: unknown[] }>(
          "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        )
      ).rows.length > 0,
  );
  await deletion.commit();
  return written;
}

describe('a post that is deleted during a write that refers to it', () => {
  beforeEach(() => content.upsertPosts([post('p'), post('q')], options()));

  test('loses its comments, while those of other posts are stored', async () => {
    expect(
      await whileDeleting('p', () => content.upsertComments([comment('a', 'p'), comment('b', 'q')], options())),
    ).toEqual({ created: 1, updated: 0, unchanged: 0 });
    expect(await db.database('reddit_comments').pluck('id')).toEqual(['b']);
  });

  test('leaves no thread state and no watermark of a listing that ended at it', async () => {
    await whileDeleting('p', () =>
      scrapes.saveThread({ postId: 'p', numComments: 3, ...reading, isComplete: true, requests: 1 }),
    );
    await whileDeleting('q', () =>
      scrapes.saveWatermark(
        { subreddit: 'books', sort: 'new', isSandbox: true },
        { postId: 'q', postsLimit: 5, ...reading },
      ),
    );
    expect([await countOf('reddit_threads'), await countOf('reddit_watermarks')]).toEqual([0, 0]);
  });

  test('returns as a new post with a new history of snapshots', async () => {
    expect(await whileDeleting('p', () => content.upsertPosts([post('p'), post('q')], options()))).toEqual({
      created: 1,
      updated: 0,
      unchanged: 1,
    });
    expect(await db.database('reddit_post_snapshots').where({ post_id: 'p' })).toMatchObject([
      { score: 1, num_comments: 3 },
    ]);
  });
});

test('a scrape restores posts that a clean-up deleted after the listing, without an additional request', async () => {
  world = await startWorld(generated);
  const { reddit, sandbox } = world;
  const cleared = new Set<string>();
  const upsertComments: typeof content.upsertComments = async (comments, given) => {
    const [first] = comments;
    // Deletes every second post, each of them once.
    if (first && !cleared.has(first.postId) && cleared.add(first.postId).size % 2 === 0)
      await db.database('reddit_posts').where({ id: first.postId }).del();
    return content.upsertComments(comments, given);
  };
  const result = await runLanes(
    { reddit, content: { ...content, upsertComments }, scrapes },
    { subreddits: ['books'], sort: 'new', posts_limit: 12, comments_limit: 100 },
    { executionId: await insertExecution(db.database, { status: 'running' }), startedAt: new Date() },
  ).result;
  const wanted = contentOf(generated, ['books'], 12);
  expect(await db.database('reddit_posts').orderBy('id').pluck('id')).toEqual([...wanted.posts].sort());
  expect(await db.database('reddit_comments').orderBy('id').pluck('id')).toEqual([...wanted.comments].sort());
  expect(result).toMatchObject({ comments: { new: 240 }, threads_read: 12 });
  expect(await countOf('reddit_threads')).toBe(12);
  expect(countRequests(sandbox).all).toBe(wanted.leastRequests);
});

test('a batch of comments is written again after a conflict with another transaction', async () => {
  await content.upsertPosts([post('p')], options());
  // A sequence counts on when a statement is rolled back, so that only the first insert fails.
  await db.database.raw(`
    create sequence inserts;
    create function refuse_first_insert() returns trigger language plpgsql as $$
    begin
      if nextval('inserts') = 1 then raise foreign_key_violation; end if;
      return new;
    end $$;
    create trigger refuse_first_insert before insert on reddit_comments
      for each row execute function refuse_first_insert()`);
  try {
    expect(await content.upsertComments([comment('a', 'p'), comment('b', 'p')], options())).toMatchObject({
      created: 2,
    });
  } finally {
    await db.database.raw('drop function refuse_first_insert cascade; drop sequence inserts');
  }
});

test('concurrent writes and clean-ups cause no error', async () => {
  const retention = createRetentionRepository(db.database);
  const ids = Array.from({ length: 10 }, (_, n) => `p${n}`);
  let scraping = 2;
  const scrape = async () => {
    for (let round = 0; round < 100; round += 1) {
      await content.upsertPosts(
        ids.map((id) => post(id, round % 3)),
        options(),
      );
      await content.upsertComments(
        ids.flatMap((id) => [comment(`${id}a`, id, round % 5), comment(`${id}b`, id)]),
        options(),
      );
      await scrapes.saveThread({
        postId: ids[round % 10]!,
        numComments: 3,
        ...reading,
        isComplete: true,
        requests: 1,
      });
    }
  };
  let removed = 0;
  const cleanUp = async () => {
    for (; scraping > 0; await sleep(1)) {
      removed += await retention.removeBatch('comments', new Date(Date.now() + 60_000));
      removed += await retention.removeBatch('posts', new Date(Date.now() + 60_000));
    }
  };
  const scraped = () => scrape().finally(() => (scraping -= 1));
  await Promise.all([scraped(), scraped(), cleanUp(), cleanUp()]);
  expect(removed).toBeGreaterThan(0);
});

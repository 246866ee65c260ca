import { findTaskType } from '../../src/tasks/registry';
import {
  createDeletionSyncRepository,
  type DeletionSyncRepository,
} from '../../src/storage/reddit/deletion-sync-repository';
import {
  createRedditContentRepository,
  type RedditContentRepository,
} from '../../src/storage/reddit/reddit-content-repository';
import { createRedditScrapeRepository } from '../../src/storage/reddit/reddit-scrape-repository';
import { insertExecution } from './api-support';
import { runLanes } from './scrape-lanes';
import { startWorld, type ScrapedWorld } from './scrape-stack';
import { createTestContext } from './task-context';
import { type TestDatabase, useTestDatabase } from './test-database';
import type { RedditClient, RedditComment, RedditPost } from '../../src/platform/reddit/reddit-client';
import type { RedditSandboxOptions } from '../../src/reddit-sandbox/sandbox-server';

/** The time at which the sandbox stands still. */
export const NOW = new Date();
/** Matches every text that `plant` writes. */
export const SECRETS = /secret/;
export const SCRAPE_PARAMETERS = {
  subreddits: ['typescript'],
  sort: 'new',
  posts_limit: 40,
  comments_limit: 30,
  reread_unchanged: true,
};

/** One attempt of a sync. Without `executionId` it belongs to a run of its own. */
interface Attempt {
  executionId?: number;
  startedAt?: Date;
  signal?: AbortSignal;
  onSave?: () => void;
  store?: DeletionSyncRepository;
}

/** Matches what a table would still hold of the planted texts of this post or comment. */
export const secretOf = (id: string | undefined) => new RegExp(`secret\\w* (\\w+ )*${id}|secret_author_${id}"`);

/**
 * Runs deletion syncs against a sandbox that each test opens with `open` or `plant`. Registers the hooks that create
 * the database, empty it before each test, and close the sandbox.
 */
export function createDeletionSyncBench() {
  let db: TestDatabase;
  let content: RedditContentRepository;
  let deletions: DeletionSyncRepository;
  let world: ScrapedWorld;
  useTestDatabase('file', (created) => {
    db = created;
    content = createRedditContentRepository(db.database);
    deletions = createDeletionSyncRepository(db.database);
  });
  beforeEach(() => db.database.raw('truncate task_executions, reddit_posts restart identity cascade'));
  afterEach(() => world.sandbox.close());

  const open = async (options: RedditSandboxOptions = {}) =>
    (world = await startWorld({
      now: () => NOW,
      scale: { commentsPerPost: 5 },
      rateLimit: { requests: 1_000_000 },
      ...options,
    }));
  async function scrape(given: object = SCRAPE_PARAMETERS) {
    const startedAt = new Date(Date.now() + 1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const scrapes = createRedditScrapeRepository(db.database);
    const executionId = await insertExecution(db.database, { status: 'running' });
    return runLanes({ reddit: world.reddit, content, scrapes }, given, { executionId, startedAt }).result;
  }
  async function sync(given: object = {}, attempt: Attempt = {}) {
    const taskType = findTaskType('REDDIT_DELETION_SYNC')!;
    await new Promise((resolve) => setTimeout(resolve, 5));
    const executionId = attempt.executionId ?? (await insertExecution(db.database, { status: 'running' }));
    const { store = deletions, onSave, ...fields } = attempt;
    const context = createTestContext({
      ...fields,
      executionId,
      saveCursor: onSave,
      services: { reddit: world.reddit.scoped(), deletions: store },
    });
    return (await taskType.run(context, taskType.parameters.parse({ max_age_days: 10_000, ...given })))!;
  }
  const postIds = () => db.database('reddit_posts').where({ is_deleted: false }).orderBy('id').pluck<string[]>('id');
  const commentIds = () =>
    db.database('reddit_comments').where({ is_deleted: false }).orderBy('id').pluck<string[]>('id');
  /** Every row of every table that holds content, as text. */
  async function everything(): Promise<string> {
    const { rows } = await db.database.raw<{ rows: { text: string }[] }>(
      `select coalesce(string_agg(t::text, E'\\n'), '') as text from (
         select to_jsonb(p) t from reddit_posts p
         union all select to_jsonb(c) from reddit_comments c
         union all select to_jsonb(s) from reddit_post_snapshots s
         union all select to_jsonb(th) from reddit_threads th
       ) all_rows`,
    );
    return rows[0]!.text;
  }
  /** The number of posts and comments. */
  const total = async () =>
    Number(
      (
        await db.database.raw<{ rows: { n: number }[] }>(
          'select (select count(*) from reddit_posts) + (select count(*) from reddit_comments) as n',
        )
      ).rows[0]!.n,
    );
  /** Scrapes posts and comments, and gives each a text that can be looked for afterwards. Returns their ids. */
  async function plant() {
    await open();
    await scrape();
    const [posts, comments] = [await postIds(), await commentIds()];
    for (const [table, text] of [
      ['reddit_posts', 'content'],
      ['reddit_comments', 'body'],
    ])
      await db
        .database(table!)
        .where({ is_deleted: false })
        .update({
          [text!]: db.database.raw("'the secret of ' || id"),
          author: db.database.raw("'secret_author_' || id"),
        });
    await db
      .database('reddit_posts')
      .where({ is_deleted: false })
      .update({
        title: db.database.raw("'secret title ' || id"),
        url: 'https://secret.example',
        domain: 'secret.example',
        flair_text: 'secret flair',
      });
    world.reddit = answerWithPlanted(world.reddit, new Set([...posts, ...comments]));
    return { posts, comments };
  }

  return {
    get db() {
      return db;
    },
    get content() {
      return content;
    },
    get deletions() {
      return deletions;
    },
    get world() {
      return world;
    },
    open,
    scrape,
    sync,
    postIds,
    commentIds,
    everything,
    total,
    plant,
  };
}

/** A client that reports the planted texts too, so that a sync finds only the edits that a test makes. */
function answerWithPlanted(client: RedditClient, ids: Set<string>): RedditClient {
  const plantedPost = (post: RedditPost): RedditPost => ({
    ...post,
    author: `secret_author_${post.id}`,
    title: `secret title ${post.id}`,
    content: `the secret of ${post.id}`,
    url: 'https://secret.example',
    domain: 'secret.example',
    flairText: 'secret flair',
  });
  const plantedComment = (comment: RedditComment): RedditComment => ({
    ...comment,
    author: `secret_author_${comment.id}`,
    body: `the secret of ${comment.id}`,
  });
  const isPlanted = ({ id, isDeleted }: { id: string; isDeleted: boolean }) => !isDeleted && ids.has(id);
  return {
    ...client,
    scoped: (...asker) => answerWithPlanted(client.scoped(...asker), ids),
    getInfo: async (...query) => {
      const { posts, comments, malformed } = await client.getInfo(...query);
      return {
        posts: posts.map((post) => (isPlanted(post) ? plantedPost(post) : post)),
        comments: comments.map((comment) => (isPlanted(comment) ? plantedComment(comment) : comment)),
        malformed,
      };
    },
  };
}

import {
  createDeletionSyncRepository,
  type DeletionSyncRepository,
} from '../../../src/storage/reddit/deletion-sync-repository';
import {
  createRedditContentRepository,
  type RedditContentRepository,
} from '../../../src/storage/reddit/reddit-content-repository';
import { createRedditScrapeRepository } from '../../../src/storage/reddit/reddit-scrape-repository';
import { findTaskType } from '../../../src/tasks/registry';
import { runLanes } from '../../support/scrape-lanes';
import { startWorld, type ScrapedWorld } from '../../support/scrape-stack';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';
import { insertExecution } from '../../support/api-support';
import { createTestContext } from '../../support/task-context';
import type { RedditSandboxOptions } from '../../../src/reddit-sandbox/sandbox-server';

const NOW = new Date();
const SECRETS = /secret/;
const parameters = {
  subreddits: ['typescript'],
  sort: 'new',
  posts_limit: 40,
  comments_limit: 30,
  reread_unchanged: true,
};

let db: TestDatabase;
let content: RedditContentRepository;
let deletions: DeletionSyncRepository;
let world: ScrapedWorld;
beforeAll(async () => {
  db = await createTestDatabase();
  content = createRedditContentRepository(db.database);
  deletions = createDeletionSyncRepository(db.database);
});
afterAll(() => db.drop());
beforeEach(() => db.database.raw('truncate task_executions, reddit_posts restart identity cascade'));
afterEach(() => world.sandbox.close());

const open = async (options: RedditSandboxOptions = {}) =>
  (world = await startWorld({
    now: () => NOW,
    scale: { commentsPerPost: 5 },
    rateLimit: { requests: 1_000_000 },
    ...options,
  }));
async function scrape(given: object = parameters) {
  const startedAt = new Date(Date.now() + 1);
  await new Promise((resolve) => setTimeout(resolve, 5));
  return runLanes({ reddit: world.reddit, content, scrapes: createRedditScrapeRepository(db.database) }, given, {
    executionId: await insertExecution(db.database, { status: 'running' }),
    startedAt,
  }).result;
}

interface Attempt {
  executionId?: number;
  startedAt?: Date;
  signal?: AbortSignal;
  onSave?: () => void;
  store?: DeletionSyncRepository;
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
    "select coalesce(string_agg(t::text, E'\\n'), '') as text from (select to_jsonb(p) t from reddit_posts p union all select to_jsonb(c) from reddit_comments c union all select to_jsonb(s) from reddit_post_snapshots s union all select to_jsonb(th) from reddit_threads th) all_rows",
  );
  return rows[0]!.text;
}
const total = async () =>
  Number(
    (
      await db.database.raw<{ rows: { n: number }[] }>(
        'select (select count(*) from reddit_posts) + (select count(*) from reddit_comments) as n',
      )
    ).rows[0]!.n,
  );
/** Ids of posts and comments that stand now, with a text that can be looked for afterwards. */
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
  sayLikewise(new Set([...posts, ...comments]));
  return { posts, comments };
}
/** Reddit, too, answers with what was planted: to a sync nothing but what a test changes is an edit. */
function sayLikewise(ids: Set<string>): void {
  const { reddit } = world;
  const planted = (id: string) => ({ author: `secret_author_${id}` });
  const over = (client: typeof reddit): typeof reddit => ({
    ...client,
    scoped: (...asker) => over(reddit.scoped(...asker)),
    getInfo: async (...query) => {
      const { posts, comments, malformed } = await client.getInfo(...query);
      return {
        posts: posts.map((post) =>
          post.isDeleted || !ids.has(post.id)
            ? post
            : {
                ...post,
                ...planted(post.id),
                title: `secret title ${post.id}`,
                content: `the secret of ${post.id}`,
                url: 'https://secret.example',
                domain: 'secret.example',
                flairText: 'secret flair',
              },
        ),
        comments: comments.map((comment) =>
          comment.isDeleted || !ids.has(comment.id)
            ? comment
            : { ...comment, ...planted(comment.id), body: `the secret of ${comment.id}` },
        ),
        malformed,
      };
    },
  });
  world.reddit = over(reddit);
}

test('what is gone at Reddit loses its text, its author and what the search knew of it; the rows and the rest stay', async () => {
  const { posts, comments } = await plant();
  const count = await total();
  world.sandbox.changeContent([
    { name: `t3_${posts[0]}`, change: 'delete' },
    { name: `t3_${posts[1]}`, change: 'remove' },
    { name: `t3_${posts[2]}`, change: 'lose' },
    { name: `t1_${comments[0]}`, change: 'delete' },
    { name: `t1_${comments[1]}`, change: 'remove' },
    { name: `t1_${comments[2]}`, change: 'lose' },
  ]);
  const result = await sync();
  expect(result).toEqual({
    config_id: 7,
    source: 'sandbox',
    checked: count,
    deleted: 4,
    removed: 2,
    restored: 0,
    edited: 0,
    unreadable: 0,
    withheld: 0,
    unchanged: count - 6,
    requests: Math.ceil(count / 100),
    limit_reached: false,
    withheld_subreddits: [],
    without_content: [],
  });
  expect(await total()).toBe(count);
  const rows = await db.database('reddit_posts').whereIn('id', posts.slice(0, 3)).orderBy('id');
  expect(
    rows.map(({ title, content, author, url, domain, flair_text, is_deleted, search }) => [
      title,
      content,
      author,
      url,
      domain,
      flair_text,
      is_deleted,
      search,
    ]),
  ).toEqual(
    ['[deleted]', '[removed]', '[deleted]'].map((marker) => [
      marker,
      marker,
      '[deleted]',
      null,
      null,
      null,
      true,
      expect.not.stringMatching(SECRETS),
    ]),
  );
  const replies = await db.database('reddit_comments').whereIn('id', comments.slice(0, 3)).orderBy('id');
  expect(replies.map(({ body, author, is_submitter, is_deleted }) => [body, author, is_submitter, is_deleted])).toEqual(
    ['[deleted]', '[removed]', '[deleted]'].map((marker) => [marker, '[deleted]', false, true]),
  );
  const left = await everything();
  for (const id of [...posts.slice(0, 3), ...comments.slice(0, 3)])
    expect(left).not.toMatch(new RegExp(`secret\\w* (\\w+ )*${id}|secret_author_${id}"`));
  expect(left.match(/the secret of /g)).toHaveLength(posts.length + comments.length - 6);
});

test('a second run finds nothing new and changes no text; what came back at Reddit comes back here', async () => {
  const { posts, comments } = await plant();
  const count = await total();
  const names = [`t3_${posts[0]}`, `t1_${comments[0]}`];
  world.sandbox.changeContent(names.map((name) => ({ name, change: 'remove' })));
  expect(await sync()).toMatchObject({ removed: 2 });
  const before = await db.database('reddit_comments').select('id', 'body', 'author', 'scraped_at').orderBy('id');
  expect(await sync()).toMatchObject({ checked: count, deleted: 0, removed: 0, restored: 0, unchanged: count });
  expect(await db.database('reddit_comments').select('id', 'body', 'author', 'scraped_at').orderBy('id')).toEqual(
    before,
  );
  world.sandbox.changeContent(names.map((name) => ({ name, change: 'restore' })));
  expect(await sync()).toMatchObject({ deleted: 0, removed: 0, restored: 2, unchanged: count - 2 });
  expect(await content.getPost(posts[0]!)).toMatchObject({
    isDeleted: false,
    title: expect.not.stringMatching(/\[removed\]/),
  });
  expect((await db.database('reddit_comments').where({ id: comments[0] }).first()).body).not.toBe('[removed]');
});

test('runs with a limit take the longest unchecked first, and come round to everything', async () => {
  await plant();
  const count = await total();
  const seen = new Set<string>();
  for (let run = 0; run * 90 < count; run += 1) {
    world.sandbox.requests.clear();
    const result = await sync({ limit: 90 });
    expect(result).toMatchObject({ checked: 90, limit_reached: true, requests: 1 });
    for (const { query } of world.sandbox.requests.entries)
      for (const name of (query.id ?? '').split(',')) seen.add(name);
  }
  seen.delete('');
  expect(seen.size).toBe(count);
});

test('only the named subreddits, in any case, only of that age, and nothing of the real Reddit is held against the sandbox', async () => {
  const { posts } = await plant();
  expect(await sync({ subreddits: ['nothing'] })).toMatchObject({
    checked: 0,
    requests: 0,
    without_content: ['nothing'],
  });
  expect(await sync({ subreddits: ['TypeScript', 'nothing'], limit: 10 })).toMatchObject({
    checked: 10,
    without_content: ['nothing'],
  });
  const old = await db
    .database('reddit_posts')
    .where('reddit_created_at', '<', new Date(Date.now() - 86_400_000))
    .count<{ count: number }[]>();
  const oldComments = await db
    .database('reddit_comments')
    .where('reddit_created_at', '<', new Date(Date.now() - 86_400_000))
    .count<{ count: number }[]>();
  const all = await total();
  expect(await sync({ min_age_days: 1 })).toMatchObject({
    checked: Number(old[0]!.count) + Number(oldComments[0]!.count),
  });
  expect(await sync({ max_age_days: 1 })).toMatchObject({
    checked: all - Number(old[0]!.count) - Number(oldComments[0]!.count),
  });
  await db.database('reddit_posts').where({ id: posts[0] }).update({ is_sandbox: false, title: 'real' });
  world.sandbox.changeContent([{ name: `t3_${posts[0]}`, change: 'delete' }]);
  expect(await sync()).toMatchObject({ checked: all - 1, deleted: 0 });
  expect(await content.getPost(posts[0]!)).toMatchObject({ title: 'real', isDeleted: false });
});

test('an answer with items that cannot be read, or with nothing in it, is no proof that anything is gone', async () => {
  await plant();
  world.sandbox.setFaults({ malformedEvery: 7 });
  const spoilt = await sync();
  expect(spoilt).toMatchObject({ checked: await total(), deleted: 0, removed: 0 });
  expect(Number(spoilt.requests)).toBeGreaterThan(Math.ceil((await total()) / 100));
  world.sandbox.setFaults({ malformedEvery: 1 });
  expect(await sync()).toMatchObject({ unreadable: await total(), unchanged: 0, deleted: 0 });
  world.sandbox.setFaults({ malformedEvery: 0 });
  let answers = 0;
  const { reddit } = world;
  world.reddit = {
    ...reddit,
    scoped: () => ({
      ...reddit,
      getSubreddit: (...query) => reddit.getSubreddit(...query),
      getInfo: async (...query) =>
        answers++ === 0 ? { posts: [], comments: [], malformed: 0 } : reddit.getInfo(...query),
    }),
  };
  expect(await sync()).toMatchObject({ deleted: 0, unchanged: await total() });
});

describe('a subreddit that Reddit no longer shows', () => {
  /** Both of a few rows: they share requests. */
  async function plantTwo() {
    await plant();
    await scrape({ ...parameters, subreddits: ['books'], posts_limit: 20 });
    const rows = async (name: string) =>
      Number(
        (
          await db.database.raw<{ rows: { n: number }[] }>(
            'select (select count(*) from reddit_posts where subreddit = :name) + (select count(*) from reddit_comments where subreddit = :name) as n',
            { name },
          )
        ).rows[0]!.n,
      );
    return { books: await rows('books'), typescript: await rows('typescript') };
  }
  const texts = () =>
    db
      .database('reddit_comments')
      .where({ subreddit: 'typescript' })
      .orderBy('id')
      .select('id', 'body', 'author', 'is_deleted', 'scraped_at');

  test.each([
    ['private', 403],
    ['banned', 404],
    ['quarantined', 403],
  ] as const)(
    '%s: its content stays as it is and is told of, that of the others is compared',
    async (access, status) => {
      const rows = await plantTwo();
      const before = await texts();
      const book = await db.database('reddit_comments').where({ subreddit: 'books', is_deleted: false }).first();
      world.sandbox.changeContent([
        { subreddit: 'TypeScript', access },
        { name: `t1_${book.id}`, change: 'lose' },
      ]);
      world.sandbox.requests.clear();
      const result = await sync();
      expect(result).toMatchObject({
        checked: rows.books + rows.typescript,
        deleted: 1,
        removed: 0,
        withheld: rows.typescript,
        unchanged: rows.books - 1,
        withheld_subreddits: [
          { subreddit: 'typescript', reason: expect.stringMatching(`${status}, ${access}`), items: rows.typescript },
        ],
      });
      expect(await texts()).toEqual(before);
      const asked = (part: string) => world.sandbox.requests.entries.filter(({ path }) => path.includes(part));
      expect(asked('/about')).toHaveLength(1);
      // What is hidden is asked for until that is known, and no more.
      expect(asked('/api/info').length).toBeLessThanOrEqual(Math.ceil(rows.books / 100) + 2);
      expect(result.requests).toBe(
        world.sandbox.requests.entries.filter(({ path }) => !path.includes('access_token')).length,
      );

      world.sandbox.changeContent([{ subreddit: 'typescript', access: 'public' }]);
      expect(await sync()).toMatchObject({
        withheld: 0,
        deleted: 0,
        unchanged: rows.books + rows.typescript,
        withheld_subreddits: [],
      });
    },
  );

  test('one that is there and has lost everything is scrubbed', async () => {
    const { posts, comments } = await plant();
    world.sandbox.changeContent(
      [...posts.map((id) => `t3_${id}`), ...comments.map((id) => `t1_${id}`)].map((name) => ({ name, change: 'lose' })),
    );
    expect(await sync()).toMatchObject({ deleted: posts.length + comments.length, withheld: 0 });
    expect(await everything()).not.toMatch(SECRETS);
  });

  test('while nobody can say whether it is there, nothing is scrubbed', async () => {
    await plant();
    const before = await texts();
    const { reddit } = world;
    world.reddit = {
      ...reddit,
      scoped: () => ({
        ...reddit,
        getInfo: async () => ({ posts: [], comments: [], malformed: 0 }),
        getSubreddit: () => Promise.reject(new Error('no answer')),
      }),
    };
    await expect(sync()).rejects.toThrow('no answer');
    expect(await texts()).toEqual(before);
  });
});

test('an attempt that is stopped between two answers, or dies, leaves its counts to the next, which asks for nothing again', async () => {
  const { comments } = await plant();
  const count = await total();
  world.sandbox.changeContent(comments.map((id) => ({ name: `t1_${id}`, change: 'delete' as const })));
  const executionId = await insertExecution(db.database, { status: 'running' });
  const startedAt = new Date(Date.now() + 10);
  world.sandbox.requests.clear();
  let result: Awaited<ReturnType<typeof sync>> | undefined;
  let attempts = 0;
  for (; !result; attempts += 1) {
    const stop = new AbortController();
    // Now it is told to stop, now its statement comes through and it never hears of it.
    const store =
      attempts % 2
        ? {
            ...deletions,
            record: async (...args: Parameters<typeof deletions.record>) => (
              await deletions.record(...args),
              Promise.reject(new Error('stop'))
            ),
          }
        : deletions;
    result = await sync(
      {},
      { executionId, startedAt, signal: stop.signal, store, onSave: () => stop.abort(new Error('stop')) },
    ).catch((error: Error) => {
      if (error.message !== 'stop') throw error;
      return undefined;
    });
  }
  expect(attempts).toBeGreaterThan(2);
  expect(result).toMatchObject({
    checked: count,
    deleted: comments.length,
    unchanged: count - comments.length,
    requests: Math.ceil(count / 100),
  });
  const asked = world.sandbox.requests.entries.flatMap(({ query }) => (query.id ?? '').split(',').filter(Boolean));
  expect(new Set(asked).size).toBe(asked.length);
  expect((await everything()).match(/the secret of /g)).toHaveLength((await postIds()).length);
});

test('two attempts of a run at the same time count everything once', async () => {
  await plant();
  const executionId = await insertExecution(db.database, { status: 'running' });
  const startedAt = new Date(Date.now() + 10);
  await Promise.all([sync({}, { executionId, startedAt }), sync({}, { executionId, startedAt })]);
  expect(await deletions.countsOf(executionId)).toMatchObject({ checked: await total() });
});

test.each([
  ['typescript', 'delete', '[deleted]'],
  ['typescript', 'remove', '[removed]'],
] as const)('a scrape of r/%s that meets a "%s" scrubs likewise, comments and posts', async (_, change, marker) => {
  const { posts, comments } = await plant();
  world.sandbox.changeContent([
    { name: `t1_${comments[0]}`, change },
    { name: `t3_${posts[0]}`, change },
  ]);
  await scrape({ ...parameters, refresh_days: 365 });
  const row = await db.database('reddit_comments').where({ id: comments[0] }).first();
  expect(row).toMatchObject({ body: marker, author: '[deleted]', is_deleted: true, is_submitter: false });
  expect(await db.database('reddit_posts').where({ id: posts[0] }).first()).toMatchObject({
    title: marker,
    content: marker,
    author: '[deleted]',
    url: null,
    domain: null,
    flair_text: null,
    is_deleted: true,
  });
  const left = await everything();
  for (const id of [posts[0], comments[0]])
    expect(left).not.toMatch(new RegExp(`secret\\w* (\\w+ )*${id}|secret_author_${id}"`));
});

test('edits come over, with their time, to posts and comments', async () => {
  await open();
  await scrape();
  const [post, comment] = [(await postIds())[0]!, (await commentIds())[0]!];
  world.sandbox.changeContent([
    { name: `t1_${comment}`, change: 'edit', text: 'what I meant' },
    { name: `t3_${post}`, change: 'edit', text: 'what I asked' },
  ]);
  await scrape();
  const editedAt = new Date(Math.floor(NOW.getTime() / 1000) * 1000);
  expect(await db.database('reddit_comments').where({ id: comment }).first()).toMatchObject({
    body: 'what I meant',
    edited_at: editedAt,
    search: expect.stringContaining('meant'),
  });
  expect(await content.getPost(post)).toMatchObject({ content: 'what I asked', editedAt });
});

test('a sync follows edits: text, author and time come over, the search finds the new and not the old, and a second run finds nothing', async () => {
  await open();
  await scrape();
  const count = await total();
  const [[post, other], [comment]] = [await postIds(), await commentIds()];
  await db
    .database('reddit_posts')
    .where({ id: other! })
    .update({ title: 'an elderly title', author: 'who_was_it', flair_text: 'old' });
  const told = (await world.reddit.getInfo([`t3_${other}`])).posts[0]!;
  world.sandbox.changeContent([
    { name: `t1_${comment}`, change: 'edit', text: 'what I pondered' },
    { name: `t3_${post}`, change: 'edit', text: 'what I wondered\0' },
  ]);
  const before = await db
    .database('reddit_comments')
    .whereNot({ id: comment! })
    .orderBy('id')
    .select('id', 'body', 'scraped_at');
  const startedAt = new Date(Date.now() + 1);
  expect(await sync({}, { startedAt })).toMatchObject({
    checked: count,
    edited: 3,
    deleted: 0,
    removed: 0,
    restored: 0,
    unchanged: count - 3,
  });
  const editedAt = new Date(Math.floor(NOW.getTime() / 1000) * 1000);
  expect(await db.database('reddit_comments').where({ id: comment! }).first()).toMatchObject({
    body: 'what I pondered',
    edited_at: editedAt,
    is_deleted: false,
    search: expect.stringContaining('ponder'),
  });
  expect(await content.getPost(post!)).toMatchObject({ content: 'what I wondered', editedAt });
  expect((await content.getPost(post!))!.scrapedAt.getTime()).toBeGreaterThanOrEqual(startedAt.getTime());
  expect(await content.getPost(other!)).toMatchObject({
    title: told.title,
    author: told.author,
    flairText: told.flairText,
  });
  const found = async (q: string) =>
    (await content.search({ q, kinds: ['post', 'comment'], limit: 10 })).hits.map(({ id }) => id);
  expect([await found('pondered'), await found('wondered'), await found('elderly')]).toEqual([[comment], [post], []]);
  expect(
    await db.database('reddit_comments').whereNot({ id: comment! }).orderBy('id').select('id', 'body', 'scraped_at'),
  ).toEqual(before);
  expect(await sync()).toMatchObject({ edited: 0, unchanged: count });
});

test('what a scrape wrote while a sync was asking is not overwritten with the older answer', async () => {
  await open();
  await scrape();
  const [comment] = await commentIds();
  const store = {
    ...deletions,
    record: async (...args: Parameters<typeof deletions.record>) => {
      await db
        .database('reddit_comments')
        .where({ id: comment! })
        .update({ body: 'newer', checked_at: new Date(Date.now() + 60_000) });
      return deletions.record(...args);
    },
  };
  expect(await sync({}, { store })).toMatchObject({ edited: 0 });
  expect(await db.database('reddit_comments').where({ id: comment! }).first()).toMatchObject({ body: 'newer' });
});

test('the sandbox changes things over HTTP too, and says what it cannot read', async () => {
  await open();
  const send = (body: unknown) =>
    fetch(`${world.url}/_sandbox/content`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const { posts } = await world.reddit.listPosts({ subreddit: 'typescript', sort: 'new', limit: 2 });
  const gone = `t3_${posts[0]!.id}`;
  expect((await send([{ name: gone, change: 'lose' }])).status).toBe(200);
  expect((await world.reddit.getInfo([gone, `t3_${posts[1]!.id}`])).posts.map(({ id }) => id)).toEqual([posts[1]!.id]);
  expect(
    (await world.reddit.listPosts({ subreddit: 'typescript', sort: 'new', limit: 2 })).posts.map(({ id }) => id),
  ).not.toContain(posts[0]!.id);
  for (const body of [
    {},
    [{ name: 'x', change: 'lose' }],
    [{ name: gone, change: 'explode' }],
    [{ name: gone, change: 'edit' }],
    [{ subreddit: 'typescript', access: 'open' }],
  ])
    expect([body, (await send(body)).status]).toEqual([body, 400]);
});

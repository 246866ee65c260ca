import { createGeneratedContent } from '../../../src/reddit-sandbox/generated-content';
import { classifyFailure } from '../../../src/activities/failures';
import { rows } from '../../../src/storage/sql/rows';
import { createScrapeBench } from '../../support/scrape-attempts';

const bench = createScrapeBench();
const world = {
  seed: 'unstorable',
  now: () => new Date('2026-05-01T12:00:00Z'),
  scale: { posts: 20, commentsPerPost: 30 },
};
const parameters = { subreddits: ['books'], sort: 'new', posts_limit: 20, comments_limit: 100, expand_more: 20 };
const content = createGeneratedContent(world);
const posts = content.listing('books', 'new', 'all');
const [first = '', second = ''] = posts;
const commentsOf = (post: string) => content.thread(post)!.nodes.map(({ id }) => id);
/** The text search takes no text with more than a megabyte of different words. */
const tooLong = Array.from({ length: 300_000 }, (_, index) => `w${index.toString(36)}`).join(' ');

test.each([
  ['a date beyond the calendar', { created_utc: 8.64e12 }],
  ['a date before it', { created_utc: -8.64e12 }],
  ['an id that does not fit', { id: 'x'.repeat(60) }],
])('%s costs that comment and that post only, and counts as malformed', async (_, fields) => {
  const reddit = await bench.connect(world);
  const [comment = ''] = commentsOf(second);
  bench.sandbox.changeContent([
    { name: `t3_${first}`, change: 'set', fields },
    { name: `t1_${comment}`, change: 'set', fields },
  ]);
  const result = await bench.attempt(reddit, parameters).result;
  expect(result).toMatchObject({
    posts: { new: posts.length - 1 },
    malformed: 2,
    subreddits: [{ status: 'succeeded' }],
  });
  expect((await bench.rowsOf('reddit_posts')).map(({ id }) => id)).not.toContain(first);
  expect((await bench.rowsOf('reddit_comments')).length).toBe((posts.length - 1) * 30 - 1);
});

test('numbers without bounds are brought into theirs', async () => {
  const reddit = await bench.connect(world);
  bench.sandbox.changeContent([
    {
      name: `t3_${first}`,
      change: 'set',
      fields: { score: 1e300, upvote_ratio: 7, subreddit_subscribers: -1e12, edited: 1e15 },
    },
  ]);
  expect(await bench.attempt(reddit, parameters).result).toMatchObject({ malformed: 0 });
  const [stored] = (await bench.rowsOf('reddit_posts')).filter(({ id }) => id === first);
  expect(stored).toMatchObject({ score: 2_147_483_647, upvote_ratio: null, edited_at: null });
});

test('what only PostgreSQL refuses costs the one item, and counts as malformed', async () => {
  const reddit = await bench.connect(world);
  const [comment = ''] = commentsOf(second);
  bench.sandbox.changeContent([
    { name: `t3_${first}`, change: 'edit', text: tooLong },
    { name: `t1_${comment}`, change: 'edit', text: tooLong },
  ]);
  const result = await bench.attempt(reddit, parameters).result;
  expect(result).toMatchObject({ malformed: 2, posts: { new: posts.length - 1 }, threads_read: posts.length - 1 });
  expect((await bench.rowsOf('reddit_comments')).length).toBe((posts.length - 1) * 30 - 1);
});

test('an error of the database has no statement in its message', async () => {
  const bad = rows(bench.database, "select cast(:given as timestamptz) as at, 'long ago' as note", { given: 'never' });
  const error = await bad.catch((caught: unknown) => caught);
  expect(error).toMatchObject({
    message: 'invalid input syntax for type timestamp with time zone: "never"',
    statement: expect.stringContaining('long ago'),
  });
  expect(classifyFailure(error).message).not.toMatch(/select/i);
  const inTransaction = bench.database.transaction((trx) => trx.raw('select 1 / 0'));
  await expect(inTransaction).rejects.toMatchObject({ message: 'division by zero' });
});

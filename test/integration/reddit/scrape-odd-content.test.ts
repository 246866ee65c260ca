import { createDeletionSyncRepository } from '../../../src/storage/reddit/deletion-sync-repository';
import { createGeneratedContent } from '../../../src/reddit-sandbox/generated-content';
import { checkBatch } from '../../../src/tasks/reddit-deletion-sync/sync-batch';
import { insertExecution } from '../../support/api-support';
import { createScrapeBench } from '../../support/scrape-attempts';

const bench = createScrapeBench();
const world = {
  seed: 'odd-content',
  now: () => new Date('2026-05-01T12:00:00Z'),
  scale: { posts: 5, commentsPerPost: 6 },
};
const parameters = {
  subreddits: ['books'],
  sort: 'new',
  posts_limit: 5,
  comments_limit: 100,
  expand_more: 9,
  reread_unchanged: true,
};
const content = createGeneratedContent(world);
const [postId = ''] = content.listing('books', 'new', 'all');
const commentId = content.thread(postId)!.nodes[0]!.id;
const rowOf = async (table: string, id: string) => (await bench.rowsOf(table)).find((row) => row.id === id)!;
const set = (name: string, fields: Record<string, unknown>) =>
  bench.sandbox.changeContent([{ name, change: 'set', fields }]);

test('what Reddit hides from the asker keeps its stored text, in scrapes and in deletion syncs', async () => {
  const reddit = await bench.connect(world);
  await bench.attempt(reddit, parameters).result;
  const before = { post: await rowOf('reddit_posts', postId), comment: await rowOf('reddit_comments', commentId) };
  const hidden = { author: '[unavailable]', selftext: '[unavailable]', body: '[unavailable]', title: '[unavailable]' };
  set(`t3_${postId}`, { ...hidden, score: 777 });
  set(`t1_${commentId}`, hidden);
  await bench.nextRun();
  await bench.attempt(reddit, parameters).result;
  const { xmin: _, scraped_at: _at, checked_at: _on, ...post } = before.post;
  expect(await rowOf('reddit_posts', postId)).toMatchObject({ ...post, score: 777 });
  // Nothing of it differs, so the row is not written at all.
  expect(await rowOf('reddit_comments', commentId)).toEqual(before.comment);

  const due = [`t3_${postId}`, `t1_${commentId}`].map((fullname) => ({ fullname, subreddit: 'books' }));
  const checks = await checkBatch(reddit, due, new Map(), new AbortController().signal);
  expect(checks.map(({ state }) => state)).toEqual(['unreadable', 'unreadable']);
  const executionId = await insertExecution(bench.database, { status: 'running' });
  await createDeletionSyncRepository(bench.database).record(executionId, {
    runStartedAt: new Date(Date.now() + 60_000),
    checks,
    requests: 1,
  });
  expect(await rowOf('reddit_comments', commentId)).toMatchObject({ body: before.comment.body, is_deleted: false });
});

test('what Reddit hides and nobody has stored is stored as it is shown, until it can be seen', async () => {
  const reddit = await bench.connect(world);
  set(`t1_${commentId}`, { author: '[unavailable]', body: '[unavailable]' });
  await bench.attempt(reddit, parameters).result;
  expect(await rowOf('reddit_comments', commentId)).toMatchObject({ body: '[unavailable]', is_deleted: false });
  set(`t1_${commentId}`, {});
  await bench.nextRun();
  await bench.attempt(reddit, parameters).result;
  expect((await rowOf('reddit_comments', commentId)).body).toBe(content.comment(commentId)!.body);
});

test('what Reddit removed loses text, author and media', async () => {
  const reddit = await bench.connect(world);
  const gallery = { gallery_data: { items: [{ media_id: 'a', caption: 'nul \0 in it' }] } };
  set(`t3_${postId}`, { ...gallery, url: '/gallery/x', hide_score: true });
  set(`t1_${commentId}`, { score_hidden: true });
  await bench.attempt(reddit, parameters).result;
  expect(await rowOf('reddit_posts', postId)).toMatchObject({
    media: { gallery: [{ id: 'a', caption: 'nul  in it' }] },
    url: 'https://www.reddit.com/gallery/x',
    is_score_hidden: true,
  });
  expect(await rowOf('reddit_comments', commentId)).toMatchObject({ is_score_hidden: true });
  set(`t3_${postId}`, { ...gallery, selftext: '[ Removed by Reddit ]' });
  set(`t1_${commentId}`, { body: '[ Removed by Reddit ]' });
  await bench.nextRun();
  await bench.attempt(reddit, parameters).result;
  expect(await rowOf('reddit_posts', postId)).toMatchObject({
    title: '[removed]',
    author: '[deleted]',
    content: '[removed]',
    media: null,
    is_deleted: true,
  });
  expect(await rowOf('reddit_comments', commentId)).toMatchObject({ body: '[removed]', author: '[deleted]' });
});

test('comments are asked for in a fixed order, so that a thread in contest mode is read alike every time', async () => {
  const few = { ...parameters, comments_limit: 3, comments_sort: 'old', expand_more: 0 };
  const read = async () => {
    const reddit = await bench.connect(world);
    set(`t3_${postId}`, { contest_mode: true });
    await bench.attempt(reddit, few).result;
    const asked = bench.sandbox.requests.entries.filter(({ path }) => path.includes('/comments/'));
    expect(new Set(asked.map(({ query }) => query.sort))).toEqual(new Set(['old']));
    const ids = (await bench.rowsOf('reddit_comments')).filter((row) => row.post_id === postId).map(({ id }) => id);
    await bench.startOver();
    return ids;
  };
  const first = await read();
  expect(first).toHaveLength(3);
  expect(await read()).toEqual(first);
});

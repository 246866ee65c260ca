import { createDeletionSyncBench, NOW, SCRAPE_PARAMETERS, secretOf } from '../../support/deletion-sync-support';

const bench = createDeletionSyncBench();
const { open, scrape, sync, postIds, commentIds, everything, total, plant } = bench;

test.each([
  ['typescript', 'delete', '[deleted]'],
  ['typescript', 'remove', '[removed]'],
] as const)('a scrape of r/%s scrubs comments and posts after a "%s" too', async (_, change, marker) => {
  const { posts, comments } = await plant();
  bench.world.sandbox.changeContent([
    { name: `t1_${comments[0]}`, change },
    { name: `t3_${posts[0]}`, change },
  ]);
  await scrape({ ...SCRAPE_PARAMETERS, refresh_days: 365 });
  const row = await bench.db.database('reddit_comments').where({ id: comments[0] }).first();
  expect(row).toMatchObject({ body: marker, author: '[deleted]', is_deleted: true, is_submitter: false });
  expect(await bench.db.database('reddit_posts').where({ id: posts[0] }).first()).toMatchObject({
    title: marker,
    content: marker,
    author: '[deleted]',
    url: null,
    domain: null,
    flair_text: null,
    is_deleted: true,
  });
  const left = await everything();
  for (const id of [posts[0], comments[0]]) expect(left).not.toMatch(secretOf(id));
});

test('a scrape stores edits of posts and comments with their time', async () => {
  await open();
  await scrape();
  const [post, comment] = [(await postIds())[0]!, (await commentIds())[0]!];
  bench.world.sandbox.changeContent([
    { name: `t1_${comment}`, change: 'edit', text: 'what I meant' },
    { name: `t3_${post}`, change: 'edit', text: 'what I asked' },
  ]);
  await scrape();
  const editedAt = new Date(Math.floor(NOW.getTime() / 1000) * 1000);
  expect(await bench.db.database('reddit_comments').where({ id: comment }).first()).toMatchObject({
    body: 'what I meant',
    edited_at: editedAt,
    search: expect.stringContaining('meant'),
  });
  expect(await bench.content.getPost(post)).toMatchObject({ content: 'what I asked', editedAt });
});

test('a sync stores edited text, author and time once, and the search finds only the new text', async () => {
  await open();
  await scrape();
  const count = await total();
  const [[post, other], [comment]] = [await postIds(), await commentIds()];
  await bench.db
    .database('reddit_posts')
    .where({ id: other! })
    .update({ title: 'an elderly title', author: 'who_was_it', flair_text: 'old' });
  const told = (await bench.world.reddit.getInfo([`t3_${other}`])).posts[0]!;
  bench.world.sandbox.changeContent([
    { name: `t1_${comment}`, change: 'edit', text: 'what I pondered' },
    { name: `t3_${post}`, change: 'edit', text: 'what I wondered\0' },
  ]);
  const before = await bench.db
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
  expect(await bench.db.database('reddit_comments').where({ id: comment! }).first()).toMatchObject({
    body: 'what I pondered',
    edited_at: editedAt,
    is_deleted: false,
    search: expect.stringContaining('ponder'),
  });
  expect(await bench.content.getPost(post!)).toMatchObject({ content: 'what I wondered', editedAt });
  expect((await bench.content.getPost(post!))!.scrapedAt.getTime()).toBeGreaterThanOrEqual(startedAt.getTime());
  expect(await bench.content.getPost(other!)).toMatchObject({
    title: told.title,
    author: told.author,
    flairText: told.flairText,
  });
  const found = async (q: string) =>
    (await bench.content.search({ q, kinds: ['post', 'comment'], limit: 10 })).hits.map(({ id }) => id);
  expect([await found('pondered'), await found('wondered'), await found('elderly')]).toEqual([[comment], [post], []]);
  expect(
    await bench.db
      .database('reddit_comments')
      .whereNot({ id: comment! })
      .orderBy('id')
      .select('id', 'body', 'scraped_at'),
  ).toEqual(before);
  expect(await sync()).toMatchObject({ edited: 0, unchanged: count });
});

test('a sync does not overwrite what a scrape wrote after the sync sent its request', async () => {
  await open();
  await scrape();
  const [comment] = await commentIds();
  const store = {
    ...bench.deletions,
    record: async (...args: Parameters<typeof bench.deletions.record>) => {
      await bench.db
        .database('reddit_comments')
        .where({ id: comment! })
        .update({ body: 'newer', checked_at: new Date(Date.now() + 60_000) });
      return bench.deletions.record(...args);
    },
  };
  expect(await sync({}, { store })).toMatchObject({ edited: 0 });
  expect(await bench.db.database('reddit_comments').where({ id: comment! }).first()).toMatchObject({ body: 'newer' });
});

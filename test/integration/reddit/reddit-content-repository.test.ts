import { comment, laterRun, post, run, useRedditContent } from '../../support/reddit-content';
import type { TestDatabase } from '../../support/test-database';
import type { RedditContentRepository } from '../../../src/storage/reddit/reddit-content-repository';

let db: TestDatabase;
let content: RedditContentRepository;
useRedditContent((stack) => ({ db, content } = stack));
const rowsOf = async (table: string) =>
  (await db.database.raw<{ rows: object[] }>(`select xmin::text, t.* from ${table} t order by id`)).rows;

test('counts new, changed and unchanged rows, and does not write an unchanged row', async () => {
  expect(await content.upsertPosts([post('a'), post('b'), post('c', { editedAt: new Date(5) })], run())).toEqual({
    created: 3,
    updated: 0,
    unchanged: 0,
  });
  const before = await rowsOf('reddit_posts');
  const second = await laterRun();
  expect(await content.upsertPosts([post('a'), post('b'), post('c', { editedAt: new Date(5) })], second)).toEqual({
    created: 0,
    updated: 0,
    unchanged: 3,
  });
  expect(await rowsOf('reddit_posts')).toEqual(before);
  expect(
    await content.upsertPosts([post('a', { score: 2 }), post('b', { content: 'now' }), post('d')], await laterRun()),
  ).toEqual({ created: 1, updated: 2, unchanged: 0 });
  expect(await content.getPost('a')).toMatchObject({
    score: 2,
    upvoteRatio: 0.97,
    redditCreatedAt: new Date('2026-01-01T00:00:00Z'),
  });
  const [a] = (await rowsOf('reddit_posts')) as { scraped_at: Date; first_seen_at: Date }[];
  expect(a!.scraped_at.getTime()).toBeGreaterThan(a!.first_seen_at.getTime());
});

test('adds a snapshot of the counts when a post is new and whenever a count changes', async () => {
  const history = () =>
    db
      .database('reddit_post_snapshots')
      .select('post_id', 'score', 'upvote_ratio', 'num_comments')
      .orderBy(['post_id', 'taken_at']);
  await content.upsertPosts([post('a'), post('b', { upvoteRatio: null })], run());
  const first = [
    { post_id: 'a', score: 1, upvote_ratio: 0.97, num_comments: 0 },
    { post_id: 'b', score: 1, upvote_ratio: null, num_comments: 0 },
  ];
  expect(await history()).toEqual(first);
  // Without a changed count there is no snapshot; the post itself is still updated.
  await content.upsertPosts(
    [post('a', { content: 'edited', editedAt: new Date(5) }), post('b', { upvoteRatio: null })],
    await laterRun(),
  );
  expect(await content.getPost('a')).toMatchObject({ content: 'edited' });
  expect(await history()).toEqual(first);
  const third = await laterRun();
  await content.upsertPosts([post('a', { score: 7, numComments: 2 }), post('b', { upvoteRatio: 0.5 })], third);
  await content.upsertPosts([post('a', { score: 7, numComments: 2 }), post('b', { upvoteRatio: 0.5 })], third);
  expect(await history()).toEqual([
    first[0],
    { post_id: 'a', score: 7, upvote_ratio: 0.97, num_comments: 2 },
    first[1],
    { post_id: 'b', score: 1, upvote_ratio: 0.5, num_comments: 0 },
  ]);
  const [{ at }] = (await db.database('reddit_post_snapshots').where({ post_id: 'a' }).max('taken_at as at')) as [
    { at: Date },
  ];
  expect(at).toEqual((await content.getPost('a'))?.scrapedAt);
});

test('content that is the same in the sandbox and at Reddit is marked by where it was seen last', async () => {
  const posts = async () => (await rowsOf('reddit_posts')) as { is_sandbox: boolean; xmin: string }[];
  const comments = async () => (await rowsOf('reddit_comments')) as { is_sandbox: boolean; xmin: string }[];
  const marks = async () => [...(await posts()), ...(await comments())].map((row) => row.is_sandbox);
  const store = async (isSandbox: boolean) => {
    const options = { ...(await laterRun()), isSandbox };
    return [
      await content.upsertPosts([post('a')], options),
      await content.upsertComments([comment('1', 'a')], options),
    ];
  };
  await store(true);
  expect(await marks()).toEqual([true, true]);
  const [updated, unchanged] = [
    { created: 0, updated: 1, unchanged: 0 },
    { created: 0, updated: 0, unchanged: 1 },
  ];
  expect(await store(false)).toEqual([updated, updated]);
  expect(await marks()).toEqual([false, false]);
  expect(await store(false)).toEqual([unchanged, unchanged]);
});

test('counts a step that a retry repeats as it did the first time', async () => {
  await content.upsertPosts([post('old'), post('same')], run());
  const second = await laterRun();
  const batch = [post('new'), post('old', { score: 9 }), post('same')];
  const counts = { created: 1, updated: 1, unchanged: 1 };
  expect(await content.upsertPosts(batch, second)).toEqual(counts);
  expect(await content.upsertPosts(batch, second)).toEqual(counts);
});

test('stores the last of several duplicates in a batch', async () => {
  expect(await content.upsertPosts([post('a', { score: 1 }), post('a', { score: 2 })], run())).toEqual({
    created: 1,
    updated: 0,
    unchanged: 0,
  });
  expect((await content.getPost('a'))?.score).toBe(2);
});

test('repairs or truncates what PostgreSQL would refuse', async () => {
  await content.upsertPosts(
    [
      post('a', {
        title: 'nul \0 inside',
        flairText: '😀'.repeat(300),
        author: 'x'.repeat(150),
        content: 'half \ud800 pair',
        score: -5,
      }),
    ],
    run(),
  );
  const stored = await content.getPost('a');
  expect(stored).toMatchObject({
    title: 'nul  inside',
    author: 'x'.repeat(100),
    score: -5,
    content: 'half \ufffd pair',
  });
  expect([...(stored?.flairText ?? '')]).toHaveLength(200);
  expect(
    await content.upsertPosts(
      [
        post('a', {
          title: 'nul \0 inside',
          flairText: '😀'.repeat(300),
          author: 'x'.repeat(150),
          content: 'half \ud800 pair',
          score: -5,
        }),
      ],
      await laterRun(),
    ),
  ).toMatchObject({ unchanged: 1 });
});

test('skips comments of a post that is not stored, and stores the others', async () => {
  await content.upsertPosts([post('p')], run());
  expect(await content.upsertComments([comment('1', 'p'), comment('2', 'gone')], run())).toEqual({
    created: 1,
    updated: 0,
    unchanged: 0,
  });
  expect(await content.upsertComments([], run())).toEqual({ created: 0, updated: 0, unchanged: 0 });
});

test('concurrent writes of the same rows in different orders neither deadlock nor duplicate a row', async () => {
  const posts = Array.from({ length: 300 }, (_, index) => post(`p${index}`));
  const comments = posts.flatMap((one) => [comment(`${one.id}x`, one.id), comment(`${one.id}y`, one.id)]);
  await content.upsertPosts(posts, run());
  const runs = Array.from({ length: 12 }, (_, index) => {
    const mixed = index % 2 ? [...comments].reverse() : comments;
    return Promise.all([
      content.upsertComments(
        mixed.map((one) => ({ ...one, score: index })),
        run(),
      ),
      content.upsertPosts(
        (index % 2 ? posts : [...posts].reverse()).map((one) => ({ ...one, score: index })),
        run(),
      ),
    ]);
  });
  await Promise.all(runs);
  const { rows } = await db.database.raw<{ rows: { posts: number; comments: number }[] }>(
    'select (select count(*) from reddit_posts) posts, (select count(*) from reddit_comments) comments',
  );
  expect(rows).toEqual([{ posts: 300, comments: 600 }]);
});

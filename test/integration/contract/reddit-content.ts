import type { Database } from '../../../src/platform/postgres/postgres';

/** A time so many minutes after the beginning of 2026. */
export const at = (minutes: number) => new Date(Date.UTC(2026, 0, 1, 0, minutes));

/** Posts and comments about zebras, one of them deleted and one with markup. */
export async function insertSearchContent(database: Database): Promise<void> {
  await database('reddit_posts').insert([
    {
      id: 's1',
      title: `A zebra in the title`,
      content: 'nothing else',
      author: 'Ann',
      subreddit: 'Zoo',
      score: 3,
      reddit_created_at: at(10),
    },
    {
      id: 's2',
      title: 'No title',
      content: `The zebra stands far below`,
      author: 'ben',
      subreddit: 'Zoo',
      score: 8,
      is_nsfw: true,
      reddit_created_at: at(11),
    },
    {
      id: 's3',
      title: '[deleted]',
      content: `zebra [deleted]`,
      is_deleted: true,
      subreddit: 'Zoo',
      reddit_created_at: at(12),
    },
    {
      id: 's4',
      title: "<script>alert('zebra')</script> & <b onclick=x>\ue000zebra\ue001</b>",
      content: '"zebra" <img src=x onerror=alert(1)> 1 < 2',
      author: 'eve',
      subreddit: 'zoo2',
      reddit_created_at: at(13),
    },
  ]);
  await database('reddit_comments').insert([
    {
      id: 't1',
      post_id: 's1',
      body: `a zebra ${'and more words '.repeat(200)} another zebra`,
      author: 'ann',
      subreddit: 'Zoo',
      parent_id: 't3_s1',
      score: 9,
      reddit_created_at: at(14),
    },
    {
      id: 't2',
      post_id: 's2',
      body: 'zebra',
      author: 'cem',
      subreddit: 'Zoo',
      parent_id: 't3_s2',
      reddit_created_at: at(15),
    },
    {
      id: 't3',
      post_id: 's2',
      body: 'zebra',
      author: 'cem',
      subreddit: 'Zoo',
      parent_id: 't3_s2',
      reddit_created_at: at(16),
    },
  ]);
}

/** The posts p1 (all fields set, three comments) and p2. */
export async function insertPostsAndComments(database: Database): Promise<void> {
  await database('reddit_posts').insert([
    {
      id: 'p1',
      title: 'Первый 帖子 😀',
      author: '[deleted]',
      subreddit: 'funny',
      subreddit_subscribers: 1,
      content: 'x',
      url: 'https://example.org',
      domain: 'example.org',
      score: -5,
      upvote_ratio: 0.123,
      flair_text: 'f',
      is_self: true,
      is_nsfw: true,
      is_spoiler: true,
      reddit_created_at: at(1),
    },
    { id: 'p2', title: '100% _sure', subreddit: 'pics', score: 5, reddit_created_at: at(2) },
  ]);
  const comment = (n: number, more: object) => ({
    id: `c${n}`,
    post_id: 'p1',
    body: `comment ${n}`,
    subreddit: 'funny',
    parent_id: 't3_p1',
    reddit_created_at: at(n),
    ...more,
  });
  await database('reddit_comments').insert([
    comment(1, { score: 1 }),
    comment(2, { score: 9, author: 'a', is_submitter: true, controversiality: 1, depth: 3 }),
    comment(3, { score: -2 }),
  ]);
}

import { toComment, toPost } from './reddit-mappers';

const post = {
  id: 'p',
  title: 'a title',
  author: 'ann',
  subreddit: 's',
  created_utc: 1,
  selftext: 'a text',
  url: '/r/s/comments/p/a_title/',
};
const comment = {
  id: 'c',
  link_id: 't3_p',
  parent_id: 't3_p',
  author: 'ann',
  body: 'a text',
  subreddit: 's',
  created_utc: 1,
};

test.each([
  ['[ Removed by Reddit ]', '[removed]'],
  ['[ Removed by reddit in response to a copyright notice ]', '[removed]'],
  ['[removed by moderator]', '[removed]'],
  ['[ Removed by Moderator ]\n', '[removed]'],
  ['[deleted by user]', '[deleted]'],
])('%s is gone in a text or title, whoever is named as the author', (form, marker) => {
  expect(toPost({ ...post, selftext: form })).toMatchObject({ isDeleted: true, content: marker });
  expect(toPost({ ...post, selftext: '', title: form })).toMatchObject({ isDeleted: true, content: marker });
  expect(toComment({ ...comment, body: form }, 0)).toMatchObject({ isDeleted: true, body: marker });
  expect(toComment({ ...comment, author: '[deleted]', body: form }, 0)).toMatchObject({ isDeleted: true });
});

test.each([
  [{ removed_by_category: 'reddit' }, '[removed]'],
  [{ removed_by_category: 'content_takedown' }, '[removed]'],
  [{ removed_by_category: 'deleted' }, '[deleted]'],
  [{ removed_by_category: 'author' }, '[deleted]'],
  [{ removal_reason: 'legal' }, '[removed]'],
  [{ removed: true }, '[removed]'],
  [{ spam: true }, '[removed]'],
  [{ selftext: '[removed]' }, '[removed]'],
])('a post with %j is gone', (fields, marker) => {
  expect(toPost({ ...post, ...fields })).toMatchObject({ isDeleted: true, content: marker });
});

test('a comment that moderators removed is gone, also where its author is named', () => {
  expect(toComment({ ...comment, author: 'somebody', body: ' [removed]\n' }, 0)).toMatchObject({
    isDeleted: true,
    body: '[removed]',
  });
});

test('a text that speaks of removal is not gone', () => {
  for (const body of ['[removed] by popular demand', 'removed by reddit', '[Removed](https://example.com) by Reddit'])
    expect(toComment({ ...comment, body }, 0)).toMatchObject({ isDeleted: false, body });
});

test('what is hidden from the asker is unavailable, and not gone', () => {
  expect(toComment({ ...comment, author: '[unavailable]', body: '[unavailable]' }, 0)).toMatchObject({
    isUnavailable: true,
    isDeleted: false,
  });
  expect(toPost({ ...post, author: '[unavailable]' })).toMatchObject({ isUnavailable: true, isDeleted: false });
  expect(toPost(post)).toMatchObject({ isUnavailable: false });
});

test('links are absolute, and hidden scores are told', () => {
  expect(toPost(post)?.url).toBe('https://www.reddit.com/r/s/comments/p/a_title/');
  expect(toPost({ ...post, url: '//i.redd.it/a.png' })?.url).toBe('https://i.redd.it/a.png');
  expect(toPost({ ...post, url: 'https://example.com/' })?.url).toBe('https://example.com/');
  expect(toPost({ ...post, hide_score: true })?.isScoreHidden).toBe(true);
  expect(toComment({ ...comment, score_hidden: true }, 0)?.isScoreHidden).toBe(true);
});

test('a crosspost keeps what it shows, unless that is gone', () => {
  const parent = { ...post, id: 'q', permalink: '/r/s/comments/q/', url: '/gallery/q' };
  expect(toPost({ ...post, crosspost_parent_list: [parent] })?.media).toEqual({
    crosspost: {
      id: 'q',
      subreddit: 's',
      title: 'a title',
      author: 'ann',
      text: 'a text',
      url: 'https://www.reddit.com/gallery/q',
      permalink: 'https://www.reddit.com/r/s/comments/q/',
    },
  });
  expect(toPost({ ...post, crosspost_parent_list: [{ ...parent, selftext: '[removed]' }] })?.media).toMatchObject({
    crosspost: { title: '[removed]', author: '[deleted]', text: '[removed]', url: null },
  });
  expect(toPost({ ...post, crosspost_parent_list: [parent], removed_by_category: 'reddit' })?.media).toBeNull();
});

test('a gallery keeps its pictures in order, a poll its options', () => {
  expect(
    toPost({
      ...post,
      gallery_data: { items: [{ media_id: 'b', caption: 'first' }, { media_id: 'a' }, { media_id: 'gone' }] },
      media_metadata: {
        a: { m: 'image/gif', s: { gif: 'https://i.redd.it/a.gif', x: 1, y: 2 } },
        b: { m: 'image/jpg', s: { u: 'https://preview.redd.it/b.jpg', x: 3, y: 4 } },
      },
      poll_data: {
        options: [{ text: 'yes', vote_count: 3 }, { text: 'no' }],
        total_vote_count: 5,
        voting_end_timestamp: 1_700_000_000_000,
      },
    })?.media,
  ).toEqual({
    gallery: [
      {
        id: 'b',
        type: 'image/jpg',
        url: 'https://preview.redd.it/b.jpg',
        width: 3,
        height: 4,
        caption: 'first',
        link: null,
      },
      { id: 'a', type: 'image/gif', url: 'https://i.redd.it/a.gif', width: 1, height: 2, caption: null, link: null },
      { id: 'gone', type: null, url: null, width: null, height: null, caption: null, link: null },
    ],
    poll: {
      options: [
        { text: 'yes', votes: 3 },
        { text: 'no', votes: null },
      ],
      total_votes: 5,
      ends_at: '2023-11-14T22:13:20.000Z',
    },
  });
  expect(toPost({ ...post, gallery_data: null, poll_data: 'odd', crosspost_parent_list: [] })?.media).toBeNull();
});

import { faultsOf, useContract } from './contract-api';
import { at, insertPostsAndComments } from './reddit-content';

const contract = useContract(['reddit']);
const { user, root } = contract;
beforeAll(() => insertPostsAndComments(contract.database));
const LISTS = [
  ['/reddit/posts', 500],
  ['/reddit/posts/p1/comments', 500],
  ['/reddit/comments', 1_000],
] as const;
const idsOf = async (path: string) => (await user('GET', path)).body.map(({ id }: { id: string }) => id);

test('40 to 43: lists posts and comments newest first, comments of a post best first', async () => {
  expect(await idsOf('/reddit/posts')).toEqual(['p2', 'p1']);
  expect((await user('GET', '/reddit/posts/p1')).body).toMatchObject({
    title: 'Первый 帖子 😀',
    upvote_ratio: 0.123,
    score: -5,
  });
  expect(await idsOf('/reddit/posts/p1/comments')).toEqual(['c2', 'c1', 'c3']);
  expect(await idsOf('/reddit/comments')).toEqual(['c3', 'c2', 'c1']);
  expect(await idsOf('/reddit/posts/p2/comments')).toEqual([]);
});

test('shows the request budget to every user', async () => {
  expect(await user('GET', '/reddit/budget')).toMatchObject({ status: 200, body: { limit: 100, remaining: 100 } });
});

test('forgets what headers told of the request budget for admins alone', async () => {
  expect(await user('POST', '/reddit/budget/reset')).toMatchObject({ status: 403 });
  expect(await root('POST', '/reddit/budget/reset')).toMatchObject({
    status: 200,
    body: { limit: 100, remaining: 100 },
  });
});

test('answers 404 for an unknown post', async () => {
  for (const id of ['none', 'P1', '%25', "p1'--", '帖子', 'p1%20'])
    for (const path of [`/reddit/posts/${id}`, `/reddit/posts/${id}/comments`])
      expect([path, await user('GET', encodeURI(decodeURI(path)))]).toMatchObject([
        path,
        { status: 404, body: { detail: expect.any(String) } },
      ]);
  expect(faultsOf(await user('GET', `/reddit/posts/${'x'.repeat(51)}`))).toEqual([['string_too_long', 'path.post_id']]);
  expect(faultsOf(await user('GET', `/reddit/posts/${'x'.repeat(51)}/comments?limit=0`))).toEqual([
    ['string_too_long', 'path.post_id'],
    ['greater_than_equal', 'query.limit'],
  ]);
});

test.each(LISTS.map(([path]) => path))(
  '%s takes times with a zone, with Z, or without; the faults of all filters are told',
  async (path) => {
    for (const time of [
      '2026-01-01T00:00:00Z',
      '2026-01-01T00:00',
      '2026-01-01',
      '2026-01-01T00:00:00.123456',
      '2026-01-01T01:00:00%2B01:00',
      '2026-01-01 00:00',
      '0001-01-01',
      '9999-12-31T23:59:59.999Z',
    ])
      expect([time, (await user('GET', `${path}?since=${time}`)).status]).toEqual([time, 200]);
    const none = [
      '',
      'yesterday',
      '2026-02-30',
      '2026-13-01',
      '1767225600',
      '2026',
      'T00:00',
      '99999-01-01',
      '2026-01-01T25:00',
    ];
    for (const time of none)
      expect([time, faultsOf(await user('GET', `${path}?until=${time}`))]).toEqual([
        time,
        [['datetime_parsing', 'query.until']],
      ]);
    expect(
      faultsOf(await user('GET', `${path}?limit=0&subreddit=&min_score=2147483648&nsfw=perhaps&q=&since=x`)).map(
        ([, loc]) => loc,
      ),
    ).toEqual(['query.limit', 'query.subreddit', 'query.min_score', 'query.since', 'query.nsfw', 'query.q']);
    expect((await user('GET', `${path}?cursor=none`)).body.detail).toEqual([
      { type: 'value_error', loc: ['query', 'cursor'], msg: 'Not a cursor of this list', input: 'none' },
    ]);
  },
);

for (const [path, most] of LISTS) {
  contract.testInteger(path, 'limit', 1, most, user);
  contract.testInteger(path, 'min_score', -2_147_483_648, 2_147_483_647, user);
  contract.testBoolean(path, 'nsfw', user);
}

describe('wherever a subreddit is named, "r/" before it is heard and not held against it', () => {
  beforeAll(async () => {
    await contract
      .database('reddit_posts')
      .insert({ id: 'named', title: 'A quokka', content: 'x', subreddit: 'Named', reddit_created_at: at(1) });
    await contract.database('reddit_comments').insert({
      id: 'named_c',
      post_id: 'named',
      body: 'a quokka',
      subreddit: 'Named',
      parent_id: 't3_named',
      reddit_created_at: at(2),
    });
  });

  test.each(['Named', 'r/named', '/r/named', 'R/NAMED', ' r/named '])('%p', async (given) => {
    const name = encodeURIComponent(given);
    for (const path of ['/reddit/posts', '/reddit/comments', '/reddit/posts/named/comments'])
      expect([path, await idsOf(`${path}?subreddit=${name}`)]).toEqual([
        path,
        [path === '/reddit/posts' ? 'named' : 'named_c'],
      ]);
    expect(
      (await user('GET', `/reddit/search?q=quokka&subreddit=nothing&subreddit=${name}`)).body.items
        .map(({ id }: { id: string }) => id)
        .sort(),
    ).toEqual(['named', 'named_c']);
    expect(
      (await user('POST', '/reddit/comments/search', { query: 'quokka', subreddits: [given] })).body,
    ).toMatchObject([{ id: 'named_c' }]);
    expect(await user('GET', `/reddit/subreddits/${name}/stats`)).toMatchObject({
      status: 200,
      body: { subreddit: 'Named' },
    });
  });

  test.each(['r/', 'r', ' ', 'rnamed', 'r/r/named'])('%p is another name', async (given) => {
    expect(await idsOf(`/reddit/posts?subreddit=${encodeURIComponent(given)}`)).toEqual([]);
  });
});

contract.testCoverage(/(posts|posts\/\{post_id\}|comments|budget|budget\/reset)$/);

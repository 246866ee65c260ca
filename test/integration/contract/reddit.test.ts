import { faultsOf, useContract } from './contract-api';

const contract = useContract(['reddit']);
const { user } = contract;

const at = (minutes: number) => new Date(Date.UTC(2026, 0, 1, 0, minutes));
beforeAll(async () => {
  await contract.database('reddit_posts').insert([
    { id: 'p1', title: 'Первый 帖子 😀', author: '[deleted]', subreddit: 'funny', subreddit_subscribers: 1, content: 'x', url: 'https://example.org', domain: 'example.org', score: -5, upvote_ratio: 0.123, flair_text: 'f', is_self: true, is_nsfw: true, is_spoiler: true, reddit_created_at: at(1) },
    { id: 'p2', title: '100% _sure', subreddit: 'pics', score: 5, reddit_created_at: at(2) },
  ]);
  const comment = (n: number, more: object) => ({ id: `c${n}`, post_id: 'p1', body: `comment ${n}`, subreddit: 'funny', parent_id: 't3_p1', reddit_created_at: at(n), ...more });
  await contract.database('reddit_comments').insert([comment(1, { score: 1 }), comment(2, { score: 9, author: 'a', is_submitter: true, controversiality: 1, depth: 3 }), comment(3, { score: -2 })]);
});

const LISTS = [['/reddit/posts', 500], ['/reddit/posts/p1/comments', 500], ['/reddit/comments', 1_000]] as const;
const idsOf = async (path: string) => (await user('GET', path)).body.map(({ id }: { id: string }) => id);

test('40 to 43: posts and comments newest first, those of a post the best first', async () => {
  expect(await idsOf('/reddit/posts')).toEqual(['p2', 'p1']);
  expect((await user('GET', '/reddit/posts/p1')).body).toMatchObject({ title: 'Первый 帖子 😀', upvote_ratio: 0.123, score: -5 });
  expect(await idsOf('/reddit/posts/p1/comments')).toEqual(['c2', 'c1', 'c3']);
  expect(await idsOf('/reddit/comments')).toEqual(['c3', 'c2', 'c1']);
  expect(await idsOf('/reddit/posts/p2/comments')).toEqual([]);
});

test('the budget at Reddit is told to every user', async () => {
  expect(await user('GET', '/reddit/budget')).toMatchObject({ status: 200, body: { limit: 100, remaining: 100 } });
});

test('an unknown post is a 404', async () => {
  for (const id of ['none', 'P1', '%25', "p1'--", '帖子', 'p1%20']) for (const path of [`/reddit/posts/${id}`, `/reddit/posts/${id}/comments`]) expect([path, await user('GET', encodeURI(decodeURI(path)))]).toMatchObject([path, { status: 404, body: { detail: expect.any(String) } }]);
  expect(faultsOf(await user('GET', `/reddit/posts/${'x'.repeat(51)}`))).toEqual([['string_too_long', 'path.post_id']]);
  expect(faultsOf(await user('GET', `/reddit/posts/${'x'.repeat(51)}/comments?limit=0`))).toEqual([['string_too_long', 'path.post_id'], ['greater_than_equal', 'query.limit']]);
});

test.each(LISTS.map(([path]) => path))('%s takes times with a zone, with Z, or without; the faults of all filters are told', async (path) => {
  for (const time of ['2026-01-01T00:00:00Z', '2026-01-01T00:00', '2026-01-01', '2026-01-01T00:00:00.123456', '2026-01-01T01:00:00%2B01:00', '2026-01-01 00:00', '0001-01-01', '9999-12-31T23:59:59.999Z']) expect([time, (await user('GET', `${path}?since=${time}`)).status]).toEqual([time, 200]);
  const none = ['', 'yesterday', '2026-02-30', '2026-13-01', '1767225600', '2026', 'T00:00', '99999-01-01', '2026-01-01T25:00'];
  for (const time of none) expect([time, faultsOf(await user('GET', `${path}?until=${time}`))]).toEqual([time, [['datetime_parsing', 'query.until']]]);
  expect(faultsOf(await user('GET', `${path}?limit=0&subreddit=&min_score=2147483648&nsfw=perhaps&q=&since=x`)).map(([, loc]) => loc)).toEqual(['query.limit', 'query.subreddit', 'query.min_score', 'query.since', 'query.nsfw', 'query.q']);
  expect(faultsOf(await user('GET', `${path}?cursor=none`))).toEqual([['value_error', 'query.cursor']]);
});

for (const [path, most] of LISTS) {
  contract.testInteger(path, 'limit', 1, most, user);
  contract.testInteger(path, 'min_score', -2_147_483_648, 2_147_483_647, user);
  contract.testBoolean(path, 'nsfw', user);
}

contract.testCoverage();

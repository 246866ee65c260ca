import { createTestApi } from '../../support/api-support';
import { faultsOf, useContract } from './contract-api';
import { at, insertPostsAndComments } from './reddit-content';

const contract = useContract(['reddit']);
const { user } = contract;
beforeAll(() => insertPostsAndComments(contract.database));

describe('the tree of a post', () => {
  const comment = (id: string, parent: string, more: object = {}) => ({
    id,
    post_id: 'tree',
    body: `body ${id}`,
    subreddit: 'Trees',
    parent_id: parent,
    reddit_created_at: at(1),
    ...more,
  });
  beforeAll(async () => {
    await contract.database('reddit_posts').insert([
      { id: 'tree', title: 'x', subreddit: 'Trees', reddit_created_at: at(0) },
      { id: 'deep', title: 'x', subreddit: 'Trees', reddit_created_at: at(0) },
      { id: 'wide', title: 'x', subreddit: 'Trees', reddit_created_at: at(0) },
    ]);
    await contract
      .database('reddit_comments')
      .insert([
        comment('k1', 't3_tree', { score: 1 }),
        comment('k2', 't3_tree', { score: 5, is_deleted: true, body: '[deleted]', author: '[deleted]' }),
        comment('k3', 't1_k2', { depth: 1 }),
        comment('k4', 't1_gone', { depth: 4, score: 3 }),
        comment('k5', 't1_k4', { depth: 5 }),
      ]);
  });
  const shape = (nodes: { id: string; replies: [] }[]): unknown => nodes.map(({ id, replies }) => [id, shape(replies)]);

  test('keeps deleted comments for their replies, and puts orphans at the top', async () => {
    const { body } = await user('GET', '/reddit/posts/tree/tree');
    expect(shape(body.comments)).toEqual([
      ['k2', [['k3', []]]],
      ['k4', [['k5', []]]],
      ['k1', []],
    ]);
    expect(body).toMatchObject({ post_id: 'tree', sort: 'top', shown: 5, more_count: 0, truncated: false });
    expect(body.comments[0]).toMatchObject({
      id: 'k2',
      body: '[deleted]',
      is_deleted: true,
      is_orphan: false,
      more_count: 0,
      replies: [{ id: 'k3', body: 'body k3' }],
    });
    expect(body.comments[1]).toMatchObject({ id: 'k4', is_orphan: true });
    expect((await user('GET', '/reddit/posts/tree/tree?depth=1&limit=2')).body).toMatchObject({
      shown: 2,
      more_count: 1,
      comments: [
        { id: 'k2', more_count: 1, replies: [] },
        { id: 'k4', more_count: 1 },
      ],
    });
    for (const sort of ['top', 'new', 'old', 'controversial'])
      expect((await user('GET', `/reddit/posts/tree/tree?sort=${sort}`)).body.shown).toBe(5);
    expect((await user('GET', '/reddit/posts/p2/tree')).body).toMatchObject({ shown: 0, comments: [] });
  });

  test('answers 404 for unknown posts, and reports bad limits', async () => {
    expect((await user('GET', '/reddit/posts/none/tree')).status).toBe(404);
    expect(
      faultsOf(await user('GET', '/reddit/posts/tree/tree?sort=best&depth=1001&limit=501')).map(([, loc]) => loc),
    ).toEqual(['query.sort', 'query.depth', 'query.limit']);
  });

  test('returns a thousand levels and counts the rest; considers at most 5,000 comments', async () => {
    await contract.database.raw(
      `insert into reddit_comments (id, post_id, body, subreddit, parent_id, depth, reddit_created_at)
       select 'd' || n, 'deep', 'x', 'Trees', case n when 0 then 't3_deep' else 't1_d' || (n - 1) end, n, now()
       from generate_series(0, 1199) n`,
    );
    await contract.database.raw(
      `insert into reddit_comments (id, post_id, body, subreddit, parent_id, score, depth, reddit_created_at)
       select 'w' || n, 'wide', 'x', 'Trees', 't3_wide', n, 0, now() from generate_series(1, 5002) n`,
    );
    // The check of answers, which only tests use, is recursive and reaches no deeper than 500 levels.
    const unchecked = await createTestApi({
      database: contract.database,
      temporal: contract.parts.temporal,
      app: { areResponsesValidated: false },
    });
    const { body } = await unchecked.user('GET', '/reddit/posts/deep/tree?depth=1000');
    await unchecked.close();
    let [levels, last] = [0, body.comments[0]];
    for (let node = last; node; node = node.replies[0]) [levels, last] = [levels + 1, node];
    expect([body.shown, levels, last.id, last.more_count, body.truncated]).toEqual([1_000, 1_000, 'd999', 200, false]);
    const wide = (await user('GET', '/reddit/posts/wide/tree?limit=500')).body;
    expect([wide.shown, wide.more_count, wide.truncated, wide.comments[0].id]).toEqual([500, 4_500, true, 'w5002']);
  });
});

contract.testInteger('/reddit/posts/tree/tree', 'depth', 1, 1_000, user);

contract.testInteger('/reddit/posts/tree/tree', 'limit', 1, 500, user);

contract.testCoverage(/tree$/);

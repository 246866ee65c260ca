import { useContract } from './contract-api';
import { insertSearchContent } from './reddit-content';

const contract = useContract(['reddit']);
const { user } = contract;
const find = async (query: string) => (await user('GET', `/reddit/search?${query}`)).body;
const found = async (query: string) => (await find(query)).items.map(({ id }: { id: string }) => id);

describe('search for common words', () => {
  beforeAll(() => insertSearchContent(contract.database));

  test('ranks the newest 2,000 of each kind for a common word; finds a rare word of any age', async () => {
    await contract.database.raw(
      `insert into reddit_comments (id, post_id, body, subreddit, parent_id, score, reddit_created_at)
       select 'm' || n, 's1', 'a giraffe' || case when n <= 3 then ' and an okapi' else '' end, 'Zoo', 't3_s1', n,
         timestamptz '2025-01-01' + n * interval '1 minute'
       from generate_series(1, 2100) n`,
    );
    expect(await find('q=giraffe&limit=3')).toMatchObject({
      total: 2_000,
      is_total_capped: true,
      items: [{ id: 'm2100' }, { id: 'm2099' }, { id: 'm2098' }],
    });
    expect(await found('q=okapi')).toEqual(['m3', 'm2', 'm1']);
    expect(await find('q=giraffe&limit=1&min_score=2000')).toMatchObject({ total: 101, is_total_capped: false });
    await contract.database('reddit_comments').where('id', 'like', 'm%').del();
  });

  test('finds older matches however common the word has been lately', async () => {
    // Of 16,400 comments the newest 1,900 and the oldest 300 contain "giraffe", the newest 8,400 "okapi".
    await contract.database.raw(
      `insert into reddit_comments (id, post_id, body, subreddit, parent_id, reddit_created_at)
       select 'm' || n, 's1',
         case when n > 14500 or n <= 300 then 'a giraffe ' else '' end
           || case when n > 8000 then 'an okapi' else '' end,
         'Zoo', 't3_s1', timestamptz '2025-01-01' + n * interval '1 minute'
       from generate_series(1, 16400) n`,
    );
    expect(await find('q=giraffe&limit=1')).toMatchObject({
      total: 2_000,
      is_total_capped: true,
      items: [{ id: 'm300' }],
    });
    expect(await find('q=okapi&limit=1&until=2025-01-11')).toMatchObject({
      total: 2_000,
      is_total_capped: true,
      items: [{ id: 'm14399' }],
    });
    expect(await find('q=-okapi&limit=1&kind=comment&until=2025-01-11')).toMatchObject({
      total: 2_000,
      is_total_capped: true,
      items: [{ id: 'm8000' }],
    });
    expect(await find('q=giraffe%20-okapi&limit=1')).toMatchObject({
      total: 300,
      is_total_capped: false,
      items: [{ id: 'm300' }],
    });
    const substrings = async (body: object) => (await user('POST', '/reddit/comments/search', body)).body.length;
    expect([
      await substrings({ query: 'iraff', limit: 500 }),
      await substrings({ query: 'okap', limit: 500 }),
      await substrings({ query: 'giraffe ', limit: 1 }),
      await substrings({ query: 'iraffes' }),
    ]).toEqual([500, 500, 1, 0]);
    await contract.database('reddit_comments').where('id', 'like', 'm%').del();
  });
});

import { createTestApi } from '../../support/api-support';
import { faultsOf, useContract } from './contract-api';

const contract = useContract(['reddit']);
const { user } = contract;

const at = (minutes: number) => new Date(Date.UTC(2026, 0, 1, 0, minutes));
beforeAll(async () => {
  await contract.database('reddit_posts').insert([
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
  await contract
    .database('reddit_comments')
    .insert([
      comment(1, { score: 1 }),
      comment(2, { score: 9, author: 'a', is_submitter: true, controversiality: 1, depth: 3 }),
      comment(3, { score: -2 }),
    ]);
});

const LISTS = [
  ['/reddit/posts', 500],
  ['/reddit/posts/p1/comments', 500],
  ['/reddit/comments', 1_000],
] as const;
const idsOf = async (path: string) => (await user('GET', path)).body.map(({ id }: { id: string }) => id);

test('40 to 43: posts and comments newest first, those of a post the best first', async () => {
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

test('the budget at Reddit is told to every user', async () => {
  expect(await user('GET', '/reddit/budget')).toMatchObject({ status: 200, body: { limit: 100, remaining: 100 } });
});

test('an unknown post is a 404', async () => {
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

describe('search', () => {
  const words = { post: 'zebra', comment: 'zebra' };
  const find = async (query: string) => (await user('GET', `/reddit/search?${query}`)).body;
  const found = async (query: string) => (await find(query)).items.map(({ id }: { id: string }) => id);
  beforeAll(async () => {
    await contract.database('reddit_posts').insert([
      {
        id: 's1',
        title: `A ${words.post} in the title`,
        content: 'nothing else',
        author: 'Ann',
        subreddit: 'Zoo',
        score: 3,
        reddit_created_at: at(10),
      },
      {
        id: 's2',
        title: 'No title',
        content: `The ${words.post} stands far below`,
        author: 'ben',
        subreddit: 'Zoo',
        score: 8,
        is_nsfw: true,
        reddit_created_at: at(11),
      },
      {
        id: 's3',
        title: '[deleted]',
        content: `${words.post} [deleted]`,
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
    await contract.database('reddit_comments').insert([
      {
        id: 't1',
        post_id: 's1',
        body: `a ${words.comment} ${'and more words '.repeat(200)} another zebra`,
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
  });

  test('finds posts and comments together, a title first, the newest first among equals, nothing that is deleted', async () => {
    const { total, is_total_capped, items } = await find('q=zebras');
    expect([total, is_total_capped]).toEqual([6, false]);
    const ids = items.map(({ id }: { id: string }) => id);
    expect([...ids].sort()).toEqual(['s1', 's2', 's4', 't1', 't2', 't3']);
    expect([
      ids.indexOf('s1') < ids.indexOf('t1'),
      ids.indexOf('t3') < ids.indexOf('t2'),
      ids.indexOf('t2') < ids.indexOf('t1'),
    ]).toEqual([true, true, true]);
    expect(items.find(({ id }: { id: string }) => id === 't2')).toEqual({
      kind: 'comment',
      id: 't2',
      post_id: 's2',
      title: 'No title',
      subreddit: 'Zoo',
      author: 'cem',
      score: 0,
      is_nsfw: true,
      is_sandbox: false,
      reddit_created_at: at(15).toISOString(),
      rank: expect.any(Number),
      highlights: { title: null, fragments: ['<mark>zebra</mark>'] },
    });
    expect(items.find(({ id }: { id: string }) => id === 's1').highlights).toEqual({
      title: 'A <mark>zebra</mark> in the title',
      fragments: ['nothing else'],
    });
  });

  test('highlights carry no other tag than mark, whatever is in the text', async () => {
    const { items } = await find('q=zebra&subreddit=zoo2');
    const { highlights } = items[0];
    const shown = [highlights.title, ...highlights.fragments];
    for (const html of shown)
      expect(html.replace(/<\/?mark>|&(amp|lt|gt|quot|#39);/g, '')).not.toMatch(/[<>&"']|[\ue000-\ue002]/);
    expect(shown.join(' ')).toContain('<mark>zebra</mark>');
    expect(shown.join(' ').match(/<mark>/g)).toHaveLength(shown.join(' ').match(/<\/mark>/g)!.length);
  });

  test.each<[string, string[]]>([
    ['q=zebra&kind=post', ['s1', 's2', 's4']],
    ['q=zebra&kind=comment', ['t1', 't2', 't3']],
    ['q=zebra&subreddit=ZOO2', ['s4']],
    ['q=zebra&subreddit=zoo2&subreddit=nothing&subreddit=ZOO&kind=post', ['s1', 's2', 's4']],
    ['q=zebra&author=ANN', ['s1', 't1']],
    ['q=zebra&min_score=8', ['s2', 't1']],
    [`q=zebra&since=${at(11).toISOString()}&until=${at(14).toISOString()}`, ['s2', 's4']],
    ['q=zebra&nsfw=true', ['s2', 't2', 't3']],
    ['q=zebra&nsfw=false', ['s1', 's4', 't1']],
    ['q=zebra -title', ['s4', 't1', 't2', 't3']],
    ['q="stands far"', ['s2']],
    ['q="far stands"', []],
    ['q=stands or nothing', ['s1', 's2']],
    ['q=the', []],
    ['q=deleted', []],
  ])('%s', async (query, expected) => {
    expect((await found(encodeURI(query))).sort()).toEqual(expected);
  });

  test('takes any characters for what they are', async () => {
    for (const q of [
      "'",
      "');drop table users;--",
      '%',
      '_',
      '\\',
      ':*',
      '!',
      '&|!()<->',
      '"',
      '"unclosed',
      '<2>',
      'a:*B',
      '-',
      'or',
      '🦓',
      '帖子',
      'x'.repeat(500),
    ])
      expect([q, (await user('GET', `/reddit/search?q=${encodeURIComponent(q)}`)).status]).toEqual([q, 200]);
    expect(faultsOf(await user('GET', '/reddit/search?q=%00'))).toEqual([['value_error', 'query.q']]);
    expect(faultsOf(await user('GET', '/reddit/search'))).toEqual([['missing', 'query.q']]);
    for (const q of ['%20', '%20%09%0a', '%e3%80%80'])
      expect([q, faultsOf(await user('GET', `/reddit/search?q=${q}`))]).toEqual([
        q,
        [['string_pattern_mismatch', 'query.q']],
      ]);
    expect(faultsOf(await user('GET', '/reddit/search?q=zebra&page=2&offset=25&page_size=x'))).toEqual([
      ['extra_forbidden', 'query.page'],
      ['extra_forbidden', 'query.offset'],
      ['extra_forbidden', 'query.page_size'],
    ]);
    expect(faultsOf(await user('GET', '/reddit/search?q=zebra&since=2026-02-02&until=2026-02-01&limit=0'))).toEqual([
      ['greater_than_equal', 'query.limit'],
      ['value_error', 'query.until'],
    ]);
    expect(
      faultsOf(await user('GET', `/reddit/search?q=${'x'.repeat(501)}&kind=user&limit=101&since=x&author=&subreddit=`))
        .map(([, loc]) => loc.split('.').slice(0, 2).join('.'))
        .sort(),
    ).toEqual(['query.author', 'query.kind', 'query.limit', 'query.q', 'query.since', 'query.subreddit']);
  });

  test('of words that are not looked for nothing is found, and the answer says why', async () => {
    for (const q of ['the', 'The AND of', '-', '"the"', '-the', '!?'])
      expect([q, await find(`q=${encodeURIComponent(q)}`)]).toEqual([
        q,
        { total: 0, is_total_capped: false, hint: expect.stringContaining('no word to look for'), items: [] },
      ]);
    for (const q of ['zebra', 'the zebra', '-zebra', 'nothinglikeit'])
      expect([q, (await find(`q=${encodeURIComponent(q)}`)).hint]).toEqual([q, null]);
  });

  test('paged by one is the whole, and what comes in meanwhile does not shift it', async () => {
    const whole = await found('q=zebra');
    const paged: string[] = [];
    let path: string | undefined = '/reddit/search?q=zebra&limit=1';
    for (let n = 0; path; n += 1) {
      const answer: Awaited<ReturnType<typeof user>> = await user('GET', path);
      expect(answer.body.items).toHaveLength(1);
      paged.push(answer.body.items[0].id);
      await contract.database('reddit_comments').insert({
        id: `new${n}`,
        post_id: 's1',
        body: 'zebra zebra',
        subreddit: 'Zoo',
        parent_id: 't3_s1',
        reddit_created_at: at(20 + n),
      });
      const cursor = answer.headers['x-next-cursor'];
      path = cursor === undefined ? undefined : `/reddit/search?q=zebra&limit=1&cursor=${String(cursor)}`;
    }
    await contract.database('reddit_comments').where('id', 'like', 'new%').del();
    expect(paged).toEqual(whole);
  });

  test('a cursor of another list is refused', async () => {
    const other = Buffer.from('t:1767225600000:p1').toString('base64url');
    const past = Buffer.from('q:99999999999999999:1:1:post:a').toString('base64url');
    for (const cursor of ['', 'x', other, past, Buffer.from("q:1:1:1:post:a' or 1=1").toString('base64url')])
      expect([cursor, faultsOf(await user('GET', `/reddit/search?q=zebra&cursor=${cursor}`))]).toEqual([
        cursor,
        [['value_error', 'query.cursor']],
      ]);
    for (const cursor of ['q:0:1e-20:0:post:a', 'q:1:999999:-999999999999999:comment:a'])
      expect(
        (await user('GET', `/reddit/search?q=zebra&cursor=${Buffer.from(cursor).toString('base64url')}`)).status,
      ).toBe(200);
  });

  test('of a common word the newest 2,000 of each kind are ranked, and the answer says so; a rarer word is found however old', async () => {
    await contract.database.raw(
      "insert into reddit_comments (id, post_id, body, subreddit, parent_id, score, reddit_created_at) select 'm' || n, 's1', 'a giraffe' || case when n <= 3 then ' and an okapi' else '' end, 'Zoo', 't3_s1', n, timestamptz '2025-01-01' + n * interval '1 minute' from generate_series(1, 2100) n",
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

  test('how common a word was of late does not hide what is older', async () => {
    // Of 16,400 comments the newest 1,900 and the oldest 300 have the one word, the newest 8,400 the other.
    await contract.database.raw(
      "insert into reddit_comments (id, post_id, body, subreddit, parent_id, reddit_created_at) select 'm' || n, 's1', case when n > 14500 or n <= 300 then 'a giraffe ' else '' end || case when n > 8000 then 'an okapi' else '' end, 'Zoo', 't3_s1', timestamptz '2025-01-01' + n * interval '1 minute' from generate_series(1, 16400) n",
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

  test('in comments alone, for any part of a text, the best first', async () => {
    const ask = (body: object) => user('POST', '/reddit/comments/search', body);
    expect((await ask({ query: 'EBR' })).body.map(({ id }: { id: string }) => id)).toEqual(['t1', 't3', 't2']);
    expect((await ask({ query: 'zebra', subreddits: ['nothing'] })).body).toEqual([]);
    expect((await ask({ query: 'zebra', subreddits: ['ZOO'], min_score: 1, limit: 1 })).body).toMatchObject([
      { id: 't1' },
    ]);
    expect((await ask({ query: 'zebra', days: 1 })).body).toEqual([]);
    expect((await ask({ query: 'zebra', days: 36_500 })).body).toHaveLength(3);
    for (const query of ['%', '_', 'z%a', "'", '\\', 'zebr_'])
      expect([query, (await ask({ query })).body]).toEqual([query, []]);
    expect(
      faultsOf(await ask({ query: '', min_score: 'x', days: 0, limit: 501, subreddits: 'Zoo' })).map(([, loc]) => loc),
    ).toEqual(['body.query', 'body.subreddits', 'body.min_score', 'body.days', 'body.limit']);
    expect(faultsOf(await ask({}))).toEqual([['missing', 'body.query']]);
  });
});

describe('figures of a subreddit', () => {
  const day = (n: number) => new Date(Date.now() - n * 86_400_000);
  const date = (n: number) => day(n).toISOString().slice(0, 10);
  beforeAll(async () => {
    await contract.database('reddit_posts').insert([
      { id: 'f1', title: 'x', subreddit: 'Figures', score: 10, num_comments: 4, reddit_created_at: day(0) },
      { id: 'f2', title: 'x', subreddit: 'figures', score: 5, num_comments: 1, reddit_created_at: day(2) },
      { id: 'f3', title: 'x', subreddit: 'Figures', score: 999, reddit_created_at: day(40) },
    ]);
    const comment = (n: number, author: string | null, score: number, age: number) => ({
      id: `g${n}`,
      post_id: 'f1',
      body: 'x',
      subreddit: 'FIGURES',
      parent_id: 't3_f1',
      author,
      score,
      reddit_created_at: day(age),
    });
    await contract
      .database('reddit_comments')
      .insert([
        comment(1, 'ann', 1, 0),
        comment(2, 'ann', 2, 1),
        comment(3, 'ben', -7, 1),
        comment(4, '[deleted]', 0, 1),
        comment(5, '[deleted]', 0, 1),
        comment(6, null, 0, 1),
        comment(7, 'old', 99, 364),
        ...Array.from({ length: 12 }, (_, n) => comment(20 + n, `a${String.fromCharCode(97 + n)}`, 0, 300)),
      ]);
  });

  test('by its name in any case; every day is there, and their sums are the totals', async () => {
    const { status, body } = await user('GET', '/reddit/subreddits/fIGURES/stats');
    expect([status, body]).toEqual([
      200,
      {
        subreddit: 'Figures',
        period_days: 30,
        posts: { total_count: 2, avg_score: 7.5, max_score: 10, avg_comments_per_post: 2.5 },
        comments: { total_count: 6, avg_score: -0.67, max_score: 2 },
        top_authors: [
          { author: 'ann', comment_count: 2, avg_score: 1.5 },
          { author: 'ben', comment_count: 1, avg_score: -7 },
        ],
        days: Array.from({ length: 30 }, (_, n) => ({
          date: date(29 - n),
          posts: n === 29 || n === 27 ? 1 : 0,
          comments: n === 29 ? 1 : n === 28 ? 5 : 0,
        })),
      },
    ]);
    const year = (await user('GET', '/reddit/subreddits/figures/stats?days=365')).body;
    expect([year.days.length, year.top_authors.length, year.comments, year.posts.total_count]).toEqual([
      365,
      10,
      { total_count: 19, avg_score: 5, max_score: 99 },
      3,
    ]);
    expect((await user('GET', '/reddit/subreddits/Figures/stats?days=1')).body).toMatchObject({
      posts: { total_count: 1 },
      comments: { total_count: 1 },
      days: [{ date: date(0) }],
    });
  });

  test('nobody scraped is a 404; scraped, and silent of late, is all zeros', async () => {
    for (const name of ['nothing', 'Figure_', '%25', "x'--"])
      expect([name, await user('GET', `/reddit/subreddits/${name}/stats`)]).toMatchObject([name, { status: 404 }]);
    await contract
      .database('reddit_posts')
      .insert({ id: 'quiet', title: 'x', subreddit: 'Quiet', score: -3, reddit_created_at: day(400) });
    expect((await user('GET', '/reddit/subreddits/quiet/stats')).body).toMatchObject({
      posts: { total_count: 0, avg_score: 0, max_score: 0, avg_comments_per_post: 0 },
      comments: { total_count: 0 },
      top_authors: [],
    });
  });
});

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

  test('keeps deleted comments for their replies; what has lost its parent stands at the top', async () => {
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

  test('unknown posts and bad limits', async () => {
    expect((await user('GET', '/reddit/posts/none/tree')).status).toBe(404);
    expect(
      faultsOf(await user('GET', '/reddit/posts/tree/tree?sort=best&depth=1001&limit=501')).map(([, loc]) => loc),
    ).toEqual(['query.sort', 'query.depth', 'query.limit']);
  });

  test('a thousand levels come through; the rest is counted, and 5,000 comments are the end', async () => {
    await contract.database.raw(
      "insert into reddit_comments (id, post_id, body, subreddit, parent_id, depth, reddit_created_at) select 'd' || n, 'deep', 'x', 'Trees', case n when 0 then 't3_deep' else 't1_d' || (n - 1) end, n, now() from generate_series(0, 1199) n",
    );
    await contract.database.raw(
      "insert into reddit_comments (id, post_id, body, subreddit, parent_id, score, depth, reddit_created_at) select 'w' || n, 'wide', 'x', 'Trees', 't3_wide', n, 0, now() from generate_series(1, 5002) n",
    );
    // As in production: the check of answers, which only tests have, goes down by recursion, and no deeper than 500.
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

describe('the history of a post', () => {
  beforeAll(async () => {
    await contract
      .database('reddit_posts')
      .insert({ id: 'hist', title: 'x', subreddit: 's', reddit_created_at: at(0) });
    await contract.database('reddit_post_snapshots').insert(
      [3, 1, 2].map((n) => ({
        post_id: 'hist',
        taken_at: contract.database.raw(`timestamptz '2026-02-0${n} 00:00:00.000123+00'`),
        score: n * 10,
        upvote_ratio: n === 1 ? null : 0.5,
        num_comments: n,
      })),
    );
  });
  const scores = async (query = '') =>
    (await user('GET', `/reddit/posts/hist/history${query}`)).body.map(({ score }: { score: number }) => score);

  test('is told oldest first, between two times, page by page', async () => {
    expect((await user('GET', '/reddit/posts/hist/history')).body[0]).toEqual({
      taken_at: '2026-02-01T00:00:00.000Z',
      score: 10,
      upvote_ratio: null,
      num_comments: 1,
    });
    expect(await scores()).toEqual([10, 20, 30]);
    expect(await scores('?from=2026-02-02&to=2026-02-03')).toEqual([20]);
    expect(await scores('?from=2027-01-01')).toEqual([]);
    const first = await user('GET', '/reddit/posts/hist/history?limit=2');
    expect(first.body).toHaveLength(2);
    expect(await scores(`?limit=2&cursor=${String(first.headers['x-next-cursor'])}`)).toEqual([30]);
    expect((await user('GET', '/reddit/posts/p2/history')).body).toEqual([]);
  });

  test('a span that ends before it begins is refused; one of no length is empty', async () => {
    expect((await user('GET', '/reddit/posts/hist/history?from=2026-02-03&to=2026-02-02')).body.detail).toEqual([
      { type: 'value_error', loc: ['query', 'to'], msg: 'Input should not be before from', input: '2026-02-02' },
    ]);
    expect(await scores('?from=2026-02-02&to=2026-02-02')).toEqual([]);
  });

  test('of an unknown post is a 404; what is wrong with the query is told', async () => {
    expect((await user('GET', '/reddit/posts/none/history')).status).toBe(404);
    expect(
      faultsOf(await user('GET', '/reddit/posts/hist/history?from=x&to=y&limit=5001')).map(([, loc]) => loc),
    ).toEqual(['query.from', 'query.to', 'query.limit']);
    for (const cursor of ['', 'x', Buffer.from('h:999999999999999999').toString('base64url')])
      expect(faultsOf(await user('GET', `/reddit/posts/hist/history?cursor=${cursor}`))).toEqual([
        ['value_error', 'query.cursor'],
      ]);
  });
});

contract.testInteger('/reddit/subreddits/figures/stats', 'days', 1, 365, user);
contract.testInteger('/reddit/posts/tree/tree', 'depth', 1, 1_000, user);
contract.testInteger('/reddit/posts/tree/tree', 'limit', 1, 500, user);
contract.testInteger('/reddit/posts/hist/history', 'limit', 1, 5_000, user);

contract.testCoverage();

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

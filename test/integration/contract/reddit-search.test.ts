import { faultsOf, useContract } from './contract-api';
import { at, insertSearchContent } from './reddit-content';

const contract = useContract(['reddit']);
const { user } = contract;
const find = async (query: string) => (await user('GET', `/reddit/search?${query}`)).body;
const found = async (query: string) => (await find(query)).items.map(({ id }: { id: string }) => id);

describe('search', () => {
  beforeAll(() => insertSearchContent(contract.database));

  test('finds posts and comments: titles first, then the newest, and nothing deleted', async () => {
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
      language: 'simple',
      reddit_created_at: at(15).toISOString(),
      rank: expect.any(Number),
      highlights: { title: null, fragments: ['<mark>zebra</mark>'] },
    });
    expect(items.find(({ id }: { id: string }) => id === 's1').highlights).toEqual({
      title: 'A <mark>zebra</mark> in the title',
      fragments: ['nothing else'],
    });
  });

  test('marks highlights with no tag but mark, whatever the text contains', async () => {
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

  test('treats all characters literally', async () => {
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
      '-'.repeat(500),
      'zebra --- - -- title',
      'ب'.repeat(500),
      'ไ'.repeat(500),
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

  test('finds nothing for stop words, and says why', async () => {
    for (const q of ['the', 'The AND of', '-', '"the"', '-the', '!?'])
      expect([q, await find(`q=${encodeURIComponent(q)}`)]).toEqual([
        q,
        { total: 0, is_total_capped: false, hint: expect.stringContaining('no word to look for'), items: [] },
      ]);
    for (const q of ['zebra', 'the zebra', '-zebra', 'nothinglikeit'])
      expect([q, (await find(`q=${encodeURIComponent(q)}`)).hint]).toEqual([q, null]);
  });

  test('pages completely, unaffected by content that arrives meanwhile', async () => {
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

  test('refuses a cursor of another list', async () => {
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

  test('searches comments for any part of a text, the best score first', async () => {
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

  test('searches posts for any part of a title or text, the best score first', async () => {
    const ask = (body: object) => user('POST', '/reddit/posts/search', body);
    const ids = (await ask({ query: 'EBR' })).body.map(({ id }: { id: string }) => id);
    expect([...ids].sort()).toEqual(['s1', 's2', 's4']);
    expect((await ask({ query: 'zebra', subreddits: ['nothing'] })).body).toEqual([]);
    expect((await ask({ query: 'zebra', days: 1 })).body).toEqual([]);
    expect(
      faultsOf(await ask({ query: '', min_score: 'x', days: 0, limit: 501, subreddits: 'Zoo' })).map(([, loc]) => loc),
    ).toEqual(['body.query', 'body.subreddits', 'body.min_score', 'body.days', 'body.limit']);
    expect(faultsOf(await ask({}))).toEqual([['missing', 'body.query']]);
  });
});

contract.testCoverage(/search$/);

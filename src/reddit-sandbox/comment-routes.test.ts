import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expandThread, startSandbox } from './sandbox-test-client';
import type { Child, ThingData } from './sandbox-test-client';
import type { RedditSandboxOptions } from './sandbox-server';

type Started = Awaited<ReturnType<typeof startSandbox>>;
let started: Started | undefined;
const start = async (options?: RedditSandboxOptions) => (started = await startSandbox(options));
afterEach(() => started?.sandbox.close());

const RECORDINGS = resolve(__dirname, '../../../shared/reddit-recordings');
/** They are not part of the project; without them the tests are reported as skipped, and their names say why. */
const testWithRecordings = existsSync(RECORDINGS) ? test : test.skip;

const firstPost = async ({ ask }: Started): Promise<string> =>
  (await ask('/r/programming/new?limit=1')).body.data.children[0].data.id;
const comments = (items: Child[]): ThingData[] =>
  items.flatMap(({ kind, data }) =>
    kind === 't1' ? [data, ...comments(data.replies ? data.replies.data.children : [])] : [],
  );
const stubs = (items: Child[]): ThingData[] =>
  items.flatMap(({ kind, data }) => (kind === 'more' ? [data] : stubs(data.replies ? data.replies.data.children : [])));

/** No id twice, every parent known: with the count this makes the thread whole. */
function expectWhole(found: { id: string; parentId: string }[], postId: string, count: number): void {
  expect(found).toHaveLength(count);
  const known = new Set([`t3_${postId}`, ...found.map(({ id }) => `t1_${id}`)]);
  expect(found.filter(({ parentId }) => !known.has(parentId))).toEqual([]);
}

describe('a comment tree', () => {
  test('shows at most the limit of comments and accounts for the rest in stubs', async () => {
    const client = await start({ scale: { commentsPerPost: 700 } });
    const postId = await firstPost(client);
    const [post, page] = (await client.ask(`/r/programming/comments/${postId}/any_slug?limit=150`)).body;
    expect(post.data.children[0].data.num_comments).toBe(700);
    const shown = comments(page.data.children);
    expect(shown).toHaveLength(150);
    const behind = stubs(page.data.children).reduce((sum, stub) => sum + stub.count, 0);
    const hasContinue = stubs(page.data.children).some((stub) => stub.id === '_');
    expect(hasContinue ? behind < 550 : behind === 550).toBe(true);
    expect(
      comments((await client.ask(`/comments/${postId}?limit=9999`)).body[1].data.children).length,
    ).toBeLessThanOrEqual(500);
  });

  test('cuts at the requested depth with stubs that name their children', async () => {
    const client = await start({ scale: { commentsPerPost: 60 } });
    const [, page] = (await client.ask(`/comments/${await firstPost(client)}?depth=2&limit=500`)).body;
    expect(Math.max(...comments(page.data.children).map(({ depth }) => depth))).toBe(1);
    const cut = stubs(page.data.children);
    expect(cut.length).toBeGreaterThan(0);
    for (const stub of cut)
      expect(stub).toMatchObject({
        depth: 2,
        id: stub.children[0],
        name: `t1_${stub.children[0]}`,
        parent_id: expect.stringMatching(/^t1_/),
      });
  });

  test('shows one comment at the top of its page, or below its ancestors', async () => {
    const client = await start({ scale: { commentsPerPost: 200 } });
    const postId = await firstPost(client);
    const deep = comments((await client.ask(`/comments/${postId}?limit=500`)).body[1].data.children).find(
      ({ depth }) => depth === 4,
    )!;
    const top = async (query: string) =>
      (await client.ask(`/comments/${postId}?comment=${deep.id}${query}`)).body[1].data.children;
    expect((await top(''))[0].data).toMatchObject({ id: deep.id, depth: 0 });
    const inContext = await top('&context=2');
    expect(inContext).toHaveLength(1);
    expect(inContext[0].data.replies.data.children[0].data.name).toBe(deep.parent_id);
    expect((await client.ask(`/comments/${postId}?comment=zzzzzzzzz`)).body[1].data.children).toEqual([]);
  });

  test.each([['limit=500'], ['limit=10'], ['limit=200&depth=3'], ['limit=1&sort=new']])(
    'expands to exactly all of them (%s)',
    async (parameters) => {
      const client = await start({ scale: { commentsPerPost: 600 }, rateLimit: { throttle: false } });
      const postId = await firstPost(client);
      expectWhole((await expandThread(client.ask, postId, parameters)).comments, postId, 600);
    },
  );

  test('answers an empty list for a post without comments and 404 for an unknown post', async () => {
    const client = await start({ scale: { commentsPerPost: 0 } });
    expect((await client.ask(`/comments/${await firstPost(client)}`)).body[1].data.children).toEqual([]);
    expect((await client.ask('/comments/zzzzzzz')).status).toBe(404);
    expect((await client.ask(`/r/books/comments/${await firstPost(client)}`)).status).toBe(404);
  });
});

describe('morechildren', () => {
  test('answers with the requested comments first, flat, and with stubs for the rest, by GET and POST', async () => {
    const client = await start({ scale: { commentsPerPost: 900 } });
    const postId = await firstPost(client);
    const stub = stubs((await client.ask(`/comments/${postId}?limit=5`)).body[1].data.children).find(
      (each) => each.parent_id === `t3_${postId}`,
    )!;
    const asked: string[] = stub.children.slice(0, 100);
    const query = `link_id=t3_${postId}&api_type=json&children=${asked.join(',')}`;
    const { things } = (await client.ask(`/api/morechildren?${query}`)).body.json.data;
    const found = things.filter(({ kind }: Child) => kind === 't1').map(({ data }: Child) => data);
    expect(found.map(({ id }: ThingData) => id)).toEqual(expect.arrayContaining(asked));
    expect(found.every(({ replies }: ThingData) => replies === '')).toBe(true);
    expect(found).toHaveLength(100);
    expect(things.some(({ kind, data }: Child) => kind === 'more' && data.count > 0)).toBe(true);
    const posted = await client.ask('/api/morechildren', { method: 'POST', body: new URLSearchParams(query) });
    expect(posted.body.json.data.things).toEqual(things);
  });

  test('refuses more than 100 ids', async () => {
    const client = await start();
    const children = Array.from({ length: 101 }, (_, index) => `c${index}`).join(',');
    const refused = await client.ask(`/api/morechildren?link_id=t3_${await firstPost(client)}&children=${children}`);
    expect(refused).toMatchObject({
      status: 400,
      body: { json: { errors: [['TOO_MANY_THING_IDS', expect.any(String), 'children']] } },
    });
  });
});

describe('recorded objects', () => {
  testWithRecordings(
    '(needs ../shared/reddit-recordings) a client that follows every stub gets all 541 comments of post 3hahrw',
    async () => {
      const client = await start({ recordings: RECORDINGS });
      const { comments: found, kinds } = await expandThread(client.ask, '3hahrw', 'limit=500&raw_json=1');
      expectWhole(found, '3hahrw', 541);
      expect(kinds).toEqual({ more: expect.any(Number), continued: expect.any(Number) });
      expect(Math.min(kinds.more, kinds.continued)).toBeGreaterThan(0);
    },
  );

  testWithRecordings('(needs ../shared/reddit-recordings) posts come as they were recorded', async () => {
    const client = await start({ recordings: RECORDINGS });
    const answer = await client.ask('/r/FUNNY/top?limit=100&raw_json=1');
    expect(answer.headers.get('x-taskloom-sandbox')).toBe('recorded');
    expect(answer.body.data.children).toHaveLength(48);
    expect(answer.body.data.children.find(({ data }: Child) => data.id === '3hahrw').data.num_comments).toBe(543);
  });

  test('keeps a comment whose parent or post was not recorded', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'taskloom-recordings-'));
    const comment = (id: string, linkId: string, parentId: string) =>
      JSON.stringify({
        id,
        name: `t1_${id}`,
        link_id: linkId,
        parent_id: parentId,
        subreddit: 'Small',
        subreddit_id: 't5_1',
        body: id,
        score: 1,
        created_utc: 1,
      });
    const post = {
      id: 'p1',
      name: 't3_p1',
      subreddit: 'Small',
      subreddit_id: 't5_1',
      title: 'one',
      num_comments: 2,
      score: 1,
      created_utc: 1,
    };
    await writeFile(join(folder, 'posts.ndjson'), `${JSON.stringify(post)}\n`);
    await writeFile(
      join(folder, 'comments.ndjson'),
      [comment('c2', 't3_p1', 't1_c1'), comment('c1', 't3_p1', 't1_gone'), comment('c3', 't3_p2', 't3_p2')].join('\n'),
    );
    const client = await start({ recordings: folder });
    expectWhole((await expandThread(client.ask, 'p1', '')).comments, 'p1', 2);
    expect((await client.ask('/r/small/new')).body.data.children.map(({ data }: Child) => data.id).sort()).toEqual([
      'p1',
      'p2',
    ]);
    expectWhole((await expandThread(client.ask, 'p2', '')).comments, 'p2', 1);
    await rm(folder, { recursive: true });
  });
});

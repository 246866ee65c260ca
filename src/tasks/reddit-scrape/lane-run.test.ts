import { runLanes } from '../../../test/support/scrape-lanes';
import { RedditError, type CommentTree, type MoreStub, type RedditClient, type RedditComment, type RedditPost } from '../../platform/reddit/reddit-client';
import type { ContentStore, KnownThread, ScrapeMemory, Watermark } from '../task-services';

const at = new Date('2026-01-01T00:00:00Z');
const post = (id: string, numComments = 0, more: Partial<RedditPost> = {}) => ({ id, numComments, createdAt: at, isPinned: false, ...more }) as RedditPost;
const comment = (id: string, depth = 0, isDeleted = false) => ({ id, postId: 'p', depth, isDeleted, createdAt: at }) as RedditComment;
const tree = (comments: RedditComment[], more: MoreStub[] = []): CommentTree => ({ post: null, comments, more, malformed: 0 });

type Script = Partial<Pick<RedditClient, 'listPosts' | 'getComments' | 'getMoreChildren' | 'getInfo'>>;

/** Reddit as a plain object that keeps what it was asked. */
function fakeReddit(script: Script) {
  const asked: string[] = [];
  const note = <T>(line: string, answer: T): T => {
    asked.push(line);
    return answer;
  };
  const reddit: RedditClient = {
    isSandbox: true,
    requestsSent: () => asked.length,
    scoped: () => {
      const before = asked.length;
      return { ...reddit, requestsSent: () => asked.length - before };
    },
    listPosts: async (query, signal) => note(`page ${query.subreddit} ${query.after ?? '-'} ${query.limit}`, await script.listPosts!(query, signal)),
    getComments: async (query, signal) => {
      asked.push(`tree ${query.postId}${query.comment ? `/${query.comment.id}@${query.comment.depth}` : ''} ${query.limit} ${query.depth ?? '-'}`);
      return script.getComments ? script.getComments(query, signal) : tree([]);
    },
    getMoreChildren: async (query, signal) => {
      asked.push(`more ${query.postId} ${query.children.join(',')}`);
      return script.getMoreChildren!(query, signal);
    },
    getInfo: async (names, signal) => note(`info ${names.length}`, await script.getInfo!(names, signal)),
    getSubreddit: () => Promise.reject(new Error('not asked for')),
    probe: () => Promise.reject(new Error('not asked for')),
  };
  return { reddit, asked };
}

/** Rows are new the first time that they come. */
function fakeStore() {
  const stored: string[] = [];
  const upsert = async (items: { id: string }[]) => {
    const fresh = items.filter((item) => !stored.includes(item.id));
    stored.push(...fresh.map((item) => item.id));
    return { created: fresh.length, updated: 0, unchanged: items.length - fresh.length };
  };
  return { stored, content: { upsertPosts: upsert, upsertComments: upsert } satisfies ContentStore };
}

/** What scrapes remember, in this process. */
function fakeMemory() {
  const claims = new Map<string, string>();
  const threads = new Map<string, KnownThread>();
  const watermarks = new Map<string, Watermark>();
  const memory: ScrapeMemory = {
    claimPosts: async ({ position, page, postIds }) => postIds.filter((id) => {
      if (!claims.has(id)) claims.set(id, `${position}/${page}`);
      return claims.get(id) === `${position}/${page}`;
    }),
    findThreads: async (ids) => ids.flatMap((id) => threads.get(id) ?? []),
    saveThread: async (thread) => void threads.set(thread.postId, thread),
    findWatermark: async ({ subreddit, sort }) => watermarks.get(`${subreddit}/${sort}`),
    saveWatermark: async ({ subreddit, sort }, watermark) => void watermarks.set(`${subreddit}/${sort}`, { ...watermark, createdAt: at }),
    listUnlisted: async () => [],
    forgetListed: async () => claims.clear(),
  };
  return { memory, threads, watermarks };
}

interface Given {
  states?: unknown[];
  content?: ContentStore;
  memory?: Partial<ScrapeMemory>;
  signal?: AbortSignal;
  onSave?: () => void;
}
function start(script: Script, parameters: object, given: Given = {}) {
  const { reddit, asked } = fakeReddit(script);
  const store = fakeStore();
  const kept = fakeMemory();
  const lines: string[] = [];
  const run = runLanes({ reddit, content: given.content ?? store.content, scrapes: { ...kept.memory, ...given.memory } }, parameters, { executionId: 1, startedAt: at, states: given.states, signal: given.signal, onSave: given.onSave, log: (line) => lines.push(line) });
  return { asked, lines, stored: store.stored, kept, ...run };
}
const failure = (promise: Promise<unknown>) => promise.then(() => { throw new Error('it did not fail'); }, (error: unknown) => error);
const pages = (...given: RedditPost[][]): Script['listPosts'] => async ({ after }) => {
  const index = Number(after ?? 0);
  return { posts: given[index] ?? [], after: index + 1 < given.length ? String(index + 1) : null, malformed: 0 };
};

test('pages, then the comments of the posts that have some', async () => {
  const run = start({ listPosts: pages([post('a', 2), post('b')], [post('c', 1)]), getComments: async ({ postId }) => tree([comment(`${postId}1`), comment(`${postId}2`, 1, true)]) }, { subreddits: ['funny'] });
  expect(await run.result).toEqual({
    config_id: 7,
    source: 'sandbox',
    posts: { new: 3, updated: 0, unchanged: 0 },
    comments: { new: 4, updated: 0, unchanged: 0, deleted_marked: 2 },
    threads_read: 2,
    threads_unchanged: 0,
    threads_failed: 0,
    requests: 4,
    requests_saved: { unchanged_threads: 0, watermark: 0 },
    unexpanded: 0,
    malformed: 0,
    subreddits: [expect.objectContaining({ subreddit: 'funny', status: 'succeeded', posts: { new: 3, updated: 0, unchanged: 0 }, comments: { new: 4, updated: 0, unchanged: 0, deleted_marked: 2 }, threads_read: 2, requests: 4, watermark_reached: null })],
  });
  expect(run.asked).toEqual(['page funny - 50', 'tree a 100 -', 'page funny 1 48', 'tree c 100 -']);
  expect(run.lines).toEqual([expect.stringContaining('sandbox')]);
});

test('posts_limit and comments_limit: 0', async () => {
  const full = Array.from({ length: 100 }, (_, index) => post(`p${index}`, 3));
  const run = start({ listPosts: pages(full, [post('x', 3), post('y', 3)]) }, { subreddits: ['funny'], posts_limit: 101, comments_limit: 0 });
  expect(await run.result).toMatchObject({ posts: { new: 101 }, comments: { new: 0 }, requests: 2 });
  expect(run.asked).toEqual(['page funny - 100', 'page funny 1 1']);
});

test('a listing that shifts between its pages shows a post twice: it is processed once', async () => {
  const run = start({ listPosts: pages([post('a', 1), post('b'), post('a', 1)], [post('b'), post('c')]) }, { subreddits: ['funny', 'pics'] });
  expect(await run.result).toMatchObject({ posts: { new: 3, unchanged: 0 }, subreddits: [{ posts: { new: 3 } }, { posts: { new: 0, unchanged: 0 } }] });
});

test('a listing that goes in a circle ends', async () => {
  const run = start({ listPosts: async () => ({ posts: [post('a')], after: 'same', malformed: 0 }) }, { subreddits: ['funny'] });
  expect(await run.result).toMatchObject({ requests: 2, posts: { new: 1 } });
});

describe('more comments', () => {
  const stubs: MoreStub[] = [{ parentId: 't1_c1', children: ['m1', 'm2'], count: 5, depth: 1 }, { parentId: 't1_c9', children: [], count: 0, depth: 10 }];
  const script: Script = {
    listPosts: pages([post('p', 9)]),
    getComments: async ({ comment: below }) => (below ? tree([comment('c9', 9), comment('d1', 10)]) : tree([comment('c1'), comment('c9', 9)], stubs)),
    getMoreChildren: async ({ depthOf }) => tree([comment('m1', (depthOf('c1') ?? -9) + 1), comment('m2', 1)], [{ parentId: 't1_m1', children: ['m3'], count: 1, depth: 2 }]),
  };

  test('are left where they are without an allowance, and counted', async () => {
    expect(await start(script, { subreddits: ['funny'] }).result).toMatchObject({ comments: { new: 2 }, unexpanded: 6, requests: 2 });
  });

  test('are unfolded while the allowance lasts', async () => {
    const run = start(script, { subreddits: ['funny'], expand_more: 2 });
    expect(await run.result).toMatchObject({ comments: { new: 5, unchanged: 0 }, unexpanded: 1, requests: 4 });
    expect(run.asked.slice(1)).toEqual(['tree p 100 -', 'tree p/c9@9 99 -', 'more p m1,m2']);
    expect(run.stored).toEqual(['p', 'c1', 'c9', 'd1', 'm1', 'm2']);
  });

  test('stop at comments_limit and below comments_depth', async () => {
    const limited = start(script, { subreddits: ['funny'], expand_more: 9, comments_limit: 3 });
    expect(await limited.result).toMatchObject({ comments: { new: 3 } });
    expect(limited.asked).toHaveLength(3);
    const flat = start(script, { subreddits: ['funny'], expand_more: 9, comments_depth: 1 });
    expect(await flat.result).toMatchObject({ comments: { new: 1 }, unexpanded: 0 });
    expect(flat.asked).toEqual(['page funny - 50', 'tree p 100 1']);
  });
});

test('one bad subreddit does not fail the others', async () => {
  const script: Script = { listPosts: async ({ subreddit }) => {
    if (subreddit === 'hidden') throw new RedditError('forbidden', 'private');
    if (subreddit === 'gone') throw new RedditError('not_found', 'banned');
    return { posts: [post('a')], after: null, malformed: 1 };
  } };
  const run = start(script, { subreddits: ['hidden', 'funny', 'gone'] });
  expect(await run.result).toMatchObject({ posts: { new: 1 }, malformed: 1, subreddits: [{ subreddit: 'hidden', status: 'failed', error: 'private' }, { subreddit: 'funny', status: 'succeeded' }, { subreddit: 'gone', status: 'failed', error: 'banned' }] });
  expect(await failure(start(script, { subreddits: ['hidden', 'gone'] }).result)).toMatchObject({ name: 'PermanentTaskError', message: 'No subreddit could be scraped. r/hidden: private; r/gone: banned' });
});

test.each([['not_found', ['a', 'b']], ['malformed', ['a', 'b', 'a', 'a']]] as const)('a post whose comments are %s is passed over', async (kind, turns) => {
  const run = start({ listPosts: pages([post('a', 1), post('b', 1)]), getComments: async ({ postId }) => { if (postId === 'a') throw new RedditError(kind, 'gone'); return tree([comment('b1')]); } }, { subreddits: ['funny'] });
  expect(await run.result).toMatchObject({ threads_failed: 1, comments: { new: 1 }, subreddits: [{ status: 'succeeded' }] });
  expect(run.asked.slice(1)).toEqual(turns.map((id) => `tree ${id} 100 -`));
});

test('wherever it breaks off, the next attempt goes on there: nothing asked twice, nothing counted twice', async () => {
  const script: Script = {
    listPosts: async (query) => pages([post(`${query.subreddit}1`, 1), post(`${query.subreddit}2`, 1)], [post(`${query.subreddit}3`)])!(query),
    getComments: async ({ postId }) => tree([comment(`${postId}c`)], [{ parentId: `t1_${postId}c`, children: ['m'], count: 1, depth: 1 }]),
    getMoreChildren: async ({ postId }) => tree([comment(`${postId}m`, 1)]),
  };
  const parameters = { subreddits: ['funny', 'pics'], expand_more: 5 };
  const whole = start(script, parameters);
  const expected = await whole.result;
  expect(expected).toMatchObject({ posts: { new: 6 }, comments: { new: 8 }, requests: 12 });

  for (let breakAt = 1; breakAt < whole.asked.length; breakAt += 1) {
    let asks = 0;
    const down = new RedditError('unavailable', 'down');
    const breaking = <Ask extends (...query: never[]) => unknown>(ask: Ask) => ((...query) => { asks += 1; if (asks > breakAt) throw down; return ask(...query); }) as Ask;
    const first = start({ listPosts: breaking(script.listPosts!), getComments: breaking(script.getComments!), getMoreChildren: breaking(script.getMoreChildren!) }, parameters);
    expect(await failure(first.result)).toBe(down);
    const second = start(script, parameters, { states: first.states(), memory: first.kept.memory });
    const { requests, ...rest } = (await second.result) as Record<string, unknown>;
    const { requests: _all, ...same } = expected as Record<string, unknown>;
    const withoutRequests = (result: Record<string, unknown>) => ({ ...result, subreddits: (result.subreddits as object[]).map((one) => ({ ...one, requests: 0 })) });
    expect(withoutRequests(rest)).toEqual(withoutRequests(same));
    // The one that failed was sent too, except a page's, which the fake tells only when it is answered.
    expect([12, 13]).toContain(requests);
    expect([...first.asked.slice(0, breakAt), ...second.asked]).toEqual(whole.asked);
  }
});

test('an abort ends it between two steps, with its own reason and a cursor', async () => {
  const stop = new AbortController();
  const reason = new Error('cancelled');
  const run = start({ listPosts: pages([post('a', 1), post('b', 1)]) }, { subreddits: ['funny'] }, { signal: stop.signal, onSave: () => stop.abort(reason) });
  expect(await failure(run.result)).toBe(reason);
  expect(run.asked).toEqual(['page funny - 50']);
  expect(run.states()[0]).toMatchObject({ pending: [{ id: 'a' }, { id: 'b' }], outcome: { posts: { new: 2 } } });
});

test('a failure of the store is thrown, and the step is not counted', async () => {
  const broken = new Error('no database');
  const run = start({ listPosts: pages([post('a')]) }, { subreddits: ['funny'] }, { content: { upsertPosts: () => Promise.reject(broken), upsertComments: () => Promise.reject(broken) } });
  expect(await failure(run.result)).toBe(broken);
  expect(run.states()[0]).toMatchObject({ listing: { after: null, listed: 0, page: 0 }, outcome: { requests: 1, posts: { new: 0 } } });
});

test('a page with unreadable items is asked for once more; what is readable then is taken, and the rest is counted', async () => {
  let asks = 0;
  const spoilt: Script = { listPosts: async ({ after }) => {
    asks += 1;
    if (after) return { posts: [post('z')], after: null, malformed: 0 };
    return asks === 1 ? { posts: [post('a'), post('b')], after: 'x', malformed: 2 } : { posts: [post('a'), post('c')], after: 'x', malformed: 2 };
  } };
  const run = start(spoilt, { subreddits: ['funny'], posts_limit: 100 });
  expect(await run.result).toMatchObject({ posts: { new: 4 }, malformed: 1, requests: 3 });
  expect(run.asked).toEqual(['page funny - 100', 'page funny - 100', 'page funny x 97']);
});

describe('what is known costs no request', () => {
  const script: Script = { listPosts: pages([post('a', 2), post('b', 1)]), getComments: async ({ postId }) => tree([comment(`${postId}1`)], postId === 'a' ? [{ parentId: 't1_a1', children: ['m'], count: 1, depth: 1 }] : []), getMoreChildren: async () => tree([comment('m', 1)]) };
  const base = { subreddits: ['funny'], comments_limit: 100 };
  const again = async (first: object, second: object, scripted = script) => {
    const before = start(script, { ...base, ...first });
    await before.result;
    const run = start(scripted, { ...base, ...second }, { memory: { ...before.kept.memory, claimPosts: async ({ postIds }) => postIds } });
    return { result: await run.result, asked: run.asked };
  };

  test('threads with as many comments as when they were last read', async () => {
    const { result, asked } = await again({}, {});
    expect(asked).toEqual(['page funny - 50']);
    expect(result).toMatchObject({ requests: 1, threads_read: 0, threads_unchanged: 2, requests_saved: { unchanged_threads: 2, watermark: 0 } });
  });

  test('but not one that has grown, and none when all are to be read', async () => {
    const grown: Script = { ...script, listPosts: pages([post('a', 2), post('b', 5)]) };
    expect((await again({}, {}, grown)).asked).toEqual(['page funny - 50', 'tree b 100 -']);
    expect((await again({}, { reread_unchanged: true })).asked).toEqual(['page funny - 50', 'tree a 100 -', 'tree b 100 -']);
  });

  test('nor one that the limits had cut short and would not now', async () => {
    expect((await again({}, { expand_more: 1 })).asked.slice(1)).toEqual(['tree a 100 -', 'more a m']);
    expect((await again({ comments_limit: 1 }, {})).asked).toHaveLength(3);
    expect((await again({ comments_depth: 2 }, {})).asked).toHaveLength(3);
    expect((await again({}, { comments_depth: 2 })).asked).toHaveLength(1);
  });

  const on = (second: number) => new Date(at.getTime() + second * 1_000);
  const newest = (from: number) => (query: { limit: number; after?: string | null }) => {
    const top = query.after ? Number(query.after) : from;
    const posts = Array.from({ length: query.limit }, (_, n) => post(`n${top - n}`, 0, { createdAt: on(top - n) }));
    return Promise.resolve({ posts: query.after ? posts : [post('pinned', 0, { isPinned: true, createdAt: on(-9_999) }), ...posts.slice(1)], after: String(top - query.limit), malformed: 0 });
  };
  const watermark = (more: Partial<Watermark> = {}) => ({ findWatermark: async () => ({ postId: 'n900', createdAt: on(900), postsLimit: 500, commentsLimit: 100, commentsDepth: null, expandMore: 0, ...more }) });
  const incremental = { ...base, sort: 'new', posts_limit: 500, incremental: true };

  test('pages behind the newest post of the last scrape; a pinned old one does not fool it', async () => {
    const run = start({ listPosts: newest(950) }, incremental, { memory: watermark() });
    expect(await run.result).toMatchObject({ requests: 1, requests_saved: { watermark: 4 }, subreddits: [{ watermark_reached: true }] });
    const far = start({ listPosts: newest(1_150) }, incremental, { memory: watermark() });
    expect(await far.result).toMatchObject({ requests: 3, requests_saved: { watermark: 2 } });
  });

  test.each<[string, object, Partial<Watermark>]>([
    ['the order is not by time', { ...incremental, sort: 'hot' }, {}],
    ['it was not asked for', { ...incremental, incremental: false }, {}],
    ['the last scrape went less deep in posts', incremental, { postsLimit: 100 }],
    ['in comments', { ...incremental, comments_limit: 200 }, {}],
    ['in levels', incremental, { commentsDepth: 3 }],
    ['or in requests', { ...incremental, expand_more: 1 }, {}],
  ])('but no page when %s', async (_, parameters, more) => {
    const run = start({ listPosts: newest(950) }, parameters, { memory: watermark(more) });
    expect(await run.result).toMatchObject({ requests: 5, requests_saved: { watermark: 0 }, subreddits: [{ watermark_reached: null }] });
  });

  test('the next watermark is the newest post, as deep as the listing is known without a gap', async () => {
    const reached = start({ listPosts: newest(950) }, { ...incremental, posts_limit: 200 }, { memory: watermark() });
    await reached.result;
    expect(reached.kept.watermarks.get('funny/new')).toMatchObject({ postId: 'n949', postsLimit: 500 });
    const gap = start({ listPosts: newest(5_000) }, { ...incremental, posts_limit: 200 }, { memory: watermark() });
    expect(await gap.result).toMatchObject({ subreddits: [{ watermark_reached: false }] });
    expect(gap.kept.watermarks.get('funny/new')).toMatchObject({ postsLimit: 200 });
    const hot = start({ listPosts: pages([post('a')]) }, { ...base, sort: 'hot' });
    await hot.result;
    expect(hot.kept.watermarks.size).toBe(0);
  });
});

test('stored posts that the listing did not show are looked up a hundred at once, and their threads where they grew', async () => {
  const script: Script = { listPosts: pages([post('a')]), getComments: async () => tree([comment('o1')]), getInfo: async (names) => ({ posts: names.map((name) => post(name.slice(3), name === 't3_o7' ? 1 : 0)), comments: [] }) };
  const old = Array.from({ length: 150 }, (_, n) => `o${n}`);
  const listUnlisted: ScrapeMemory['listUnlisted'] = async ({ afterId, limit }) => old.slice(afterId ? old.indexOf(afterId) + 1 : 0).slice(0, limit);
  const run = start(script, { subreddits: ['funny'], refresh_days: 3 }, { memory: { listUnlisted } });
  expect(await run.result).toMatchObject({ requests: 4, posts: { new: 151 }, threads_read: 1 });
  expect(run.asked).toEqual(['page funny - 50', 'info 100', 'tree o7 100 -', 'info 50']);
});

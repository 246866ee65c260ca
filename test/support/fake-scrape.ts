import { runLanes } from './scrape-lanes';
import type {
  CommentTree,
  MoreStub,
  RedditClient,
  RedditComment,
  RedditPost,
} from '../../src/platform/reddit/reddit-client';
import type { ContentStore } from '../../src/tasks/ports/content-store';
import type { KnownThread, ScrapeMemory, Watermark } from '../../src/tasks/ports/scrape-memory';

export const at = new Date('2026-01-01T00:00:00Z');
export const post = (id: string, numComments = 0, more: Partial<RedditPost> = {}) =>
  ({ id, numComments, createdAt: at, isPinned: false, ...more }) as RedditPost;
export const comment = (id: string, depth = 0, isDeleted = false) =>
  ({ id, postId: 'p', parentId: 't3_p', depth, isDeleted, createdAt: at }) as RedditComment;
export const tree = (comments: RedditComment[], more: MoreStub[] = []): CommentTree => ({
  post: null,
  comments,
  more,
  malformed: 0,
});

export type Script = Partial<Pick<RedditClient, 'listPosts' | 'getComments' | 'getMoreChildren' | 'getInfo'>>;

/** A Reddit client that answers from `script` and records each request. */
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
    listPosts: async (query, signal) =>
      note(`page ${query.subreddit} ${query.after ?? '-'} ${query.limit}`, await script.listPosts!(query, signal)),
    getComments: async (query, signal) => {
      const place = query.comment ? `/${query.comment.id}@${query.comment.depth}` : '';
      asked.push(`tree ${query.postId}${place} ${query.limit} ${query.depth ?? '-'}`);
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

/** A content store that counts a row as created the first time, and as unchanged later. */
function fakeStore() {
  const stored: string[] = [];
  const upsert = async (items: { id: string }[]) => {
    const fresh = items.filter((item) => !stored.includes(item.id));
    stored.push(...fresh.map((item) => item.id));
    return { created: fresh.length, updated: 0, unchanged: items.length - fresh.length };
  };
  return { stored, content: { upsertPosts: upsert, upsertComments: upsert } satisfies ContentStore };
}

/** The scrape memory without a database. */
function fakeMemory() {
  const claims = new Map<string, string>();
  const threads = new Map<string, KnownThread>();
  const watermarks = new Map<string, Watermark>();
  const memory: ScrapeMemory = {
    claimPosts: async ({ position, page, postIds }) =>
      postIds.filter((id) => {
        if (!claims.has(id)) claims.set(id, `${position}/${page}`);
        return claims.get(id) === `${position}/${page}`;
      }),
    findThreads: async (ids) => ids.flatMap((id) => threads.get(id) ?? []),
    saveThread: async (thread) => void threads.set(thread.postId, thread),
    findWatermark: async ({ subreddit, sort }) => watermarks.get(`${subreddit}/${sort}`),
    saveWatermark: async ({ subreddit, sort }, watermark) =>
      void watermarks.set(`${subreddit}/${sort}`, { ...watermark, createdAt: at }),
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
  isLastAttempt?: boolean;
  onSave?: () => void;
}
/** Starts the lanes of a scrape over the fakes above. */
export function start(script: Script, parameters: object, given: Given = {}) {
  const { reddit, asked } = fakeReddit(script);
  const store = fakeStore();
  const kept = fakeMemory();
  const lines: string[] = [];
  const run = runLanes(
    { reddit, content: given.content ?? store.content, scrapes: { ...kept.memory, ...given.memory } },
    parameters,
    {
      executionId: 1,
      startedAt: at,
      states: given.states,
      signal: given.signal,
      isLastAttempt: given.isLastAttempt,
      onSave: given.onSave,
      log: (line) => lines.push(line),
    },
  );
  return { asked, lines, stored: store.stored, kept, ...run };
}
export const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error,
  );
export const pages =
  (...given: RedditPost[][]): Script['listPosts'] =>
  async ({ after }) => {
    const index = Number(after ?? 0);
    return { posts: given[index] ?? [], after: index + 1 < given.length ? String(index + 1) : null, malformed: 0 };
  };

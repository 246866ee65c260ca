import { failure, pages, post, start, type Script } from '../../../test/support/fake-scrape';
import { RedditError } from '../../shared/reddit-error';

describe('a subreddit that is never readable', () => {
  const script: Script = {
    listPosts: async ({ subreddit }) => {
      if (subreddit === 'broken') throw new RedditError('malformed', 'a page for people');
      return { posts: [post('a')], after: null, malformed: 0 };
    },
  };
  const both = { subreddits: ['broken', 'funny'] };

  test('fails alone in the last attempt', async () => {
    expect(await start(script, both, { isLastAttempt: true }).result).toMatchObject({
      posts: { new: 1 },
      subreddits: [
        { status: 'failed', error: 'a page for people' },
        { status: 'succeeded', posts: { new: 1 } },
      ],
    });
  });

  test('is tried again while there are attempts, and fails the run when it is all of it', async () => {
    const malformed = { kind: 'malformed' };
    expect(await failure(start(script, both).result)).toMatchObject(malformed);
    const alone = start(script, { subreddits: ['broken'] }, { isLastAttempt: true });
    expect(await failure(alone.result)).toMatchObject(malformed);
  });
});

test('a page that is unreadable twice is requested a third time, also in the last attempt', async () => {
  const asked: (string | null | undefined)[] = [];
  const script: Script = {
    listPosts: async ({ after }) => {
      asked.push(after);
      // Each page is unreadable twice.
      if (asked.filter((one) => one === after).length < 3) throw new RedditError('malformed', 'cut in half');
      return after
        ? { posts: [post('b')], after: null, malformed: 0 }
        : { posts: [post('a')], after: 'next', malformed: 0 };
    },
  };
  const { result } = start(script, { subreddits: ['funny'] }, { isLastAttempt: true });
  expect(await result).toMatchObject({ posts: { new: 2 }, subreddits: [{ status: 'succeeded' }] });
  expect(asked.map((after) => after ?? 'first')).toEqual(['first', 'first', 'first', 'next', 'next', 'next']);
});

test('a subreddit most of whose items cannot be read has failed, and a run of such ones too', async () => {
  const script: Script = {
    listPosts: async ({ subreddit }) =>
      subreddit === 'spoilt'
        ? { posts: [post('a')], after: null, malformed: 3 }
        : { posts: [post('b'), post('c'), post('d')], after: null, malformed: 0 },
  };
  const run = start(script, { subreddits: ['spoilt', 'funny'], sort: 'new' });
  expect(await run.result).toMatchObject({
    posts: { new: 4 },
    malformed: 3,
    subreddits: [
      { status: 'failed', error: '3 of 4 posts and comments could not be read' },
      { status: 'succeeded', posts: { new: 3 } },
    ],
  });
  expect([...run.kept.watermarks.keys()]).toEqual(['funny/new']);
  expect(await failure(start(script, { subreddits: ['spoilt'] }).result)).toMatchObject({
    name: 'PermanentTaskError',
  });
});

describe('posts that Reddit does not look up again', () => {
  const script = (kind: 'forbidden' | 'malformed'): Script => ({
    listPosts: pages([post('a'), post('b'), post('c')]),
    getInfo: () => Promise.reject(new RedditError(kind, 'refused')),
  });
  const parameters = { subreddits: ['funny'], refresh_days: 9 };
  const memory = { listUnlisted: async () => ['x', 'y'] };

  test.each([
    ['forbidden', false],
    ['malformed', true],
  ] as const)('count as unreadable, and the listing stays: %s', async (kind, isLastAttempt) => {
    expect(await start(script(kind), parameters, { memory, isLastAttempt }).result).toMatchObject({
      posts: { new: 3 },
      malformed: 2,
      subreddits: [{ status: 'succeeded' }],
    });
  });

  test('are asked for again while there are attempts', async () => {
    expect(await failure(start(script('malformed'), parameters, { memory }).result)).toMatchObject({
      kind: 'malformed',
    });
  });
});

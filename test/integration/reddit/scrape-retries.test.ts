import type { RedditClient } from '../../../src/platform/reddit/reddit-client';
import { RedditError } from '../../../src/shared/reddit-error';
import { waitFor } from '../../support/process';
import { createScrapeWorkflowBench, EVERYTHING } from '../../support/scrape-workflow-support';

jest.setTimeout(180_000);

const bench = createScrapeWorkflowBench();
const { startWorker, stopWorker, start, rowOf, attemptsOf } = bench;

test('the wait after a 429 or a 503 with Retry-After holds no slot and costs no retry', async () => {
  let refusals = 3;
  const refusing: RedditClient = {
    ...bench.world.reddit,
    scoped: () => {
      const scoped = bench.world.reddit.scoped();
      return {
        ...scoped,
        getComments: async (query, signal) => {
          if (refusals > 0)
            throw new RedditError((refusals -= 1) === 1 ? 'unavailable' : 'rate_limited', 'come back later', {
              retryAfterMs: 700,
            });
          return scoped.getComments(query, signal);
        },
      };
    },
  };
  const worker = await startWorker({}, refusing);
  const handle = await start(worker, { ...EVERYTHING, subreddits: ['programming'] });
  expect(await handle.result()).toMatchObject({ comments: { new: 360 } });
  const row = await rowOf(handle.workflowId);
  expect(await attemptsOf(row.id)).toMatchObject([{ attempt: 1, outcome: 'succeeded' }]);
  expect(row.completed_at.getTime() - row.started_at.getTime()).toBeGreaterThanOrEqual(2_100);
});

test('failures at the same moment cost one retry, and a run without retries left fails with the failure', async () => {
  // The first page of each subreddit fails, once all three have been requested.
  let asked = 0;
  const breaking: RedditClient = {
    ...bench.world.reddit,
    scoped: () => {
      const scoped = bench.world.reddit.scoped();
      return {
        ...scoped,
        listPosts: async (query, signal) => {
          const mine = (asked += 1);
          if (mine > 3) return scoped.listPosts(query, signal);
          await waitFor(async () => asked >= 3);
          throw new Error(`r/${query.subreddit} cannot be read`);
        },
      };
    },
  };
  const worker = await startWorker({ subredditsAtOnce: 3 }, breaking);
  const subreddits = ['programming', 'books', 'gardening'];
  const failed = await start(worker, { ...EVERYTHING, subreddits });
  await expect(failed.result()).rejects.toMatchObject({ cause: { type: 'Error' } });
  const failedRow = await rowOf(failed.workflowId);
  expect(failedRow).toMatchObject({
    status: 'failed',
    error_message: expect.stringContaining('cannot be read'),
    error_traceback: expect.stringContaining('cannot be read'),
  });
  expect(await attemptsOf(failedRow.id)).toMatchObject([
    { attempt: 1, outcome: 'failed', failure: { type: 'Error', isRetryable: true } },
  ]);

  asked = 0;
  const handle = await start(worker, { ...EVERYTHING, subreddits }, { maxRetries: 1 });
  expect(await handle.result()).toMatchObject({ posts: { new: 36 } });
  expect(await attemptsOf((await rowOf(handle.workflowId)).id)).toMatchObject([
    { outcome: 'failed' },
    { outcome: 'succeeded' },
  ]);
});

test('a subreddit that is never readable is tried while the run has retries, and then fails alone', async () => {
  const breaking: RedditClient = {
    ...bench.world.reddit,
    scoped: () => {
      const scoped = bench.world.reddit.scoped();
      return {
        ...scoped,
        listPosts: async (query, signal) => {
          if (query.subreddit === 'books') throw new RedditError('malformed', 'r/books cannot be read');
          return scoped.listPosts(query, signal);
        },
      };
    },
  };
  const worker = await startWorker({}, breaking);
  const handle = await start(worker, { ...EVERYTHING, subreddits: ['programming', 'books'] }, { maxRetries: 1 });
  expect(await handle.result()).toMatchObject({
    subreddits: [{ status: 'succeeded' }, { status: 'failed', error: 'r/books cannot be read' }],
  });
  expect(await attemptsOf((await rowOf(handle.workflowId)).id)).toMatchObject([
    { outcome: 'failed', failure: { type: 'RedditError.malformed' } },
    { outcome: 'succeeded' },
  ]);
});

test('an unauthorized client and a run of only refused subreddits fail without a retry', async () => {
  const unauthorized: RedditClient = {
    ...bench.world.reddit,
    scoped: () => ({
      ...bench.world.reddit.scoped(),
      listPosts: () => Promise.reject(new RedditError('unauthorized', 'bad secret')),
    }),
  };
  const one = await startWorker({}, unauthorized);
  const handle = await start(one, { ...EVERYTHING, subreddits: ['programming', 'books'] }, { maxRetries: 5 });
  await expect(handle.result()).rejects.toMatchObject({ cause: { message: 'bad secret' } });
  expect(await attemptsOf((await rowOf(handle.workflowId)).id)).toMatchObject([{ outcome: 'failed' }]);

  await stopWorker(one);
  const other = await startWorker();
  const refused = await start(
    other,
    { ...EVERYTHING, subreddits: ['taskloom_private', 'taskloom_banned'] },
    { maxRetries: 5 },
  );
  await expect(refused.result()).rejects.toMatchObject({
    cause: { type: 'PermanentTaskError', message: expect.stringContaining('No subreddit could be scraped') },
  });
  expect(await attemptsOf((await rowOf(refused.workflowId)).id)).toMatchObject([
    { outcome: 'failed', failure: { type: 'PermanentTaskError' } },
  ]);

  const outdated = await start(other, { subreddits: [] }, { maxRetries: 5 });
  await expect(outdated.result()).rejects.toMatchObject({ cause: { type: 'PermanentTaskError' } });
  const outdatedRow = await rowOf(outdated.workflowId);
  expect(outdatedRow).toMatchObject({
    status: 'failed',
    error_message: 'Its parameters do not fit REDDIT_SCRAPE: subreddits: name at least one subreddit',
  });
  expect(await attemptsOf(outdatedRow.id)).toMatchObject([
    { outcome: 'failed', failure: { type: 'PermanentTaskError', isRetryable: false } },
  ]);
});

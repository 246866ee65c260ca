import { createExecutionRepository } from '../../../src/storage/executions/execution-repository';
import { createRedditContentRepository } from '../../../src/storage/reddit/reddit-content-repository';
import { createRedditScrapeRepository } from '../../../src/storage/reddit/reddit-scrape-repository';
import { createScrapeLaneRepository } from '../../../src/storage/reddit/scrape-lane-repository';
import { createStepAttemptRepository } from '../../../src/storage/executions/step-attempt-repository';
import { insertExecution } from '../../support/api-support';
import { type TestDatabase, useTestDatabase } from '../../support/test-database';

let db: TestDatabase;
let executionId: number;
useTestDatabase('file', (created) => (db = created));
beforeEach(async () => {
  await db.database.raw('truncate reddit_posts, task_executions cascade');
  executionId = await insertExecution(db.database, { status: 'running' });
});

const store = (ids: string[], createdAt = new Date('2026-01-01T00:00:00Z')) =>
  db
    .database('reddit_posts')
    .insert(ids.map((id) => ({ id, title: id, subreddit: 'Funny', num_comments: 2, reddit_created_at: createdAt })));
const reading = { commentsLimit: 100, commentsDepth: null, expandMore: 0 };

describe('a lane', () => {
  const lanes = () => createScrapeLaneRepository(db.database);
  const open = () => lanes().open({ executionId, states: [{ at: 0 }, { at: 'nul \0 and half \ud800' }], worker: 'w' });

  test('is opened once, by the first attempt of its run', async () => {
    expect(await open()).toMatchObject([
      { position: 0, state: { at: 0 }, heldAttempt: null },
      { position: 1, state: { at: 'nul  and half \ufffd' } },
    ]);
    const held = await lanes().hold(executionId, 0);
    await lanes().save(executionId, { position: 0, version: held!.version, state: { at: 5 }, isReleased: false });
    expect(await open()).toMatchObject([{ state: { at: 5 }, heldAttempt: 1 }, {}]);
    expect(await db.database('task_attempts').where({ execution_id: executionId })).toHaveLength(1);
  });

  test('accepts writes only of its newest holder, and none after the run has ended', async () => {
    await open();
    const [older, newer] = [await lanes().hold(executionId, 0), await lanes().hold(executionId, 0)];
    expect(
      await lanes().save(executionId, { position: 0, version: older!.version, state: { at: 1 }, isReleased: true }),
    ).toBe(false);
    expect(
      await lanes().save(executionId, { position: 0, version: newer!.version, state: { at: 2 }, isReleased: true }),
    ).toBe(true);
    expect(await lanes().find(executionId, 0)).toMatchObject({ state: { at: 2 }, heldAttempt: null });
    await createExecutionRepository(db.database).end(executionId, { status: 'cancelled', endedAt: new Date() });
    expect(await lanes().hold(executionId, 0)).toBeUndefined();
  });
});

describe('the attempts of a run', () => {
  const failure = { type: 'Error', message: 'nul \0', traceback: null, isRetryable: true };
  const breakOne = (attempt: number, outcome: 'failed' | 'lost', maxRetries = 1, isFinal = false) =>
    createStepAttemptRepository(db.database).breakAttempt({
      executionId,
      attempt,
      outcome,
      failure,
      maxRetries,
      isFinal,
      worker: 'w',
    });
  const outcomes = async () =>
    (await db.database('task_attempts').where({ execution_id: executionId }).orderBy('attempt')).map(
      (attempt) => attempt.outcome as string,
    );
  beforeEach(() => createScrapeLaneRepository(db.database).open({ executionId, states: [], worker: 'w' }));

  test('record simultaneous failures as one, in any order', async () => {
    const answers = await Promise.all([
      breakOne(1, 'failed'),
      breakOne(1, 'failed'),
      breakOne(1, 'lost'),
      breakOne(1, 'failed'),
    ]);
    expect(await outcomes()).toHaveLength(2);
    expect(answers.every(({ isUsedUp }) => !isUsedUp)).toBe(true);
    expect((await db.database('task_executions').where({ id: executionId }))[0]).toMatchObject({ attempt: 2 });
  });

  test('count failures but not lost attempts, and open no attempt after the last failure', async () => {
    expect(await breakOne(1, 'lost', 1)).toEqual({ failed: 0, lost: 1, isUsedUp: false });
    expect(await breakOne(2, 'failed', 1)).toEqual({ failed: 1, lost: 1, isUsedUp: false });
    expect(await breakOne(3, 'failed', 1)).toEqual({ failed: 2, lost: 1, isUsedUp: true });
    expect(await breakOne(3, 'failed', 1)).toMatchObject({ isUsedUp: true });
    expect(await outcomes()).toEqual(['lost', 'failed', 'failed']);
  });

  test('open no attempt after a permanent failure, whatever number of retries is left', async () => {
    expect(await breakOne(1, 'failed', 9, true)).toMatchObject({ isUsedUp: true });
    expect(await outcomes()).toEqual(['failed']);
  });
});

describe('the scrape memory', () => {
  const scrapes = () => createRedditScrapeRepository(db.database);
  const claim = (page: number, postIds: string[], position = 0) =>
    scrapes()
      .claimPosts({ executionId, position, page, postIds })
      .then((ids) => ids.sort());

  test('assigns a post to the page that listed it first, even when that page is requested again', async () => {
    expect(await claim(0, ['a', 'b', 'a'])).toEqual(['a', 'b']);
    expect(await claim(1, ['b', 'c'])).toEqual(['c']);
    expect(await claim(0, ['c', 'd'], 1)).toEqual(['d']);
    expect(await claim(0, ['a', 'b', 'c'])).toEqual(['a', 'b']);
    const other = await insertExecution(db.database, { status: 'running' });
    expect(await scrapes().claimPosts({ executionId: other, position: 0, page: 0, postIds: ['a'] })).toEqual(['a']);
    await scrapes().forgetListed(executionId);
    expect((await db.database('reddit_scrape_posts')).map((row) => row.execution_id as number)).toEqual([other]);
  });

  test('forgets the listing of a terminated run when the next run starts', async () => {
    const torn = await insertExecution(db.database, { status: 'terminated' });
    await scrapes().claimPosts({ executionId: torn, position: 0, page: 0, postIds: ['x'] });
    await scrapes().forgetListed(executionId);
    expect(await db.database('reddit_scrape_posts')).toEqual([]);
  });

  test('deletes a thread and a watermark with their posts', async () => {
    await store(['a']);
    const thread = { postId: 'a', numComments: 3, ...reading, isComplete: true, requests: 2 };
    await scrapes().saveThread({ ...thread, numComments: 1 });
    await scrapes().saveThread(thread);
    await scrapes().saveThread({ ...thread, postId: 'gone' });
    expect(await scrapes().findThreads(['a', 'gone'])).toEqual([{ ...thread, commentsSort: 'confidence' }]);
    const listing = { subreddit: 'FUNNY', sort: 'new', isSandbox: false };
    await scrapes().saveWatermark(listing, { postId: 'a', postsLimit: 50, ...reading });
    expect(await scrapes().findWatermark({ ...listing, subreddit: 'funny' })).toEqual({
      postId: 'a',
      createdAt: new Date('2026-01-01T00:00:00Z'),
      postsLimit: 50,
      ...reading,
      commentsSort: 'confidence',
    });
    expect(await scrapes().findWatermark({ ...listing, isSandbox: true })).toBeUndefined();
    await db.database('reddit_posts').delete();
    expect([await scrapes().findThreads(['a']), await scrapes().findWatermark(listing)]).toEqual([[], undefined]);
  });

  test('lists stored posts that were not listed, by age and in the order of their ids', async () => {
    await store(['a', 'b', 'c', 'd']);
    await store(['old'], new Date('2020-01-01T00:00:00Z'));
    await claim(0, ['b']);
    const query = {
      executionId,
      subreddit: 'funny',
      isSandbox: false,
      writtenSince: new Date('2025-01-01T00:00:00Z'),
      afterId: '',
      limit: 2,
    };
    expect(await scrapes().listUnlisted(query)).toEqual(['a', 'c']);
    expect(await scrapes().listUnlisted({ ...query, afterId: 'c' })).toEqual(['d']);
    expect(await scrapes().listUnlisted({ ...query, isSandbox: true })).toEqual([]);
  });

  test('describes the newest stored posts', async () => {
    await store(['a', 'b']);
    await scrapes().saveThread({ postId: 'a', numComments: 2, ...reading, isComplete: true, requests: 4 });
    const stats = (isSandbox = false) => createRedditContentRepository(db.database).stats(['Funny', 'none'], isSandbox);
    const found = {
      subreddit: 'funny',
      posts: 2,
      commentsPerPost: 2,
      shareWithComments: 1,
      expansionsPerThread: 3,
      threadsRead: 1,
      unchangedThreads: 1,
    };
    expect(await stats()).toEqual([found]);
    expect(await stats(true)).toEqual([]);
    // A comment that was left unexpanded would have cost another request.
    await scrapes().saveThread({ postId: 'b', numComments: 2, ...reading, isComplete: false, requests: 1 });
    expect(await stats()).toEqual([{ ...found, expansionsPerThread: 2, threadsRead: 2, unchangedThreads: 2 }]);
  });
});

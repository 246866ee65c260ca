import { freshLane } from '../../../tasks/reddit-scrape/scrape-state';
import {
  mergeNewer,
  progressFromStoppedLanes,
  progressFromLanes,
  progressFromResult,
  percentDone,
  parseHeartbeat,
  type SubredditProgress,
} from './scrape-progress-view';

const part = (position: number, more: Partial<SubredditProgress> = {}): SubredditProgress => ({
  position,
  name: `s${position}`,
  state: 'running',
  posts: 1,
  comments: 2,
  threads_done: 1,
  threads_total: 3,
  requests: 5,
  requests_saved: 0,
  share: 0.5,
  ...more,
});

test('takes the progress with more requests as the newer one', () => {
  const newer = part(1, { requests: 9, comments: 80 });
  expect(mergeNewer([part(0), part(1)], [newer, part(0, { requests: 4 }), part(7)])).toEqual([part(0), newer]);
});

test('ignores heartbeats that are not of a scrape', () => {
  expect(parseHeartbeat(part(0))).toEqual(part(0));
  expect(parseHeartbeat({ cursor: 3 })).toBeUndefined();
  expect(parseHeartbeat(undefined)).toBeUndefined();
});

test('builds progress for every subreddit from the stored lanes, also for one without a lane', () => {
  const lane = freshLane('funny');
  lane.outcome.posts.new = 3;
  lane.pending = [{ id: 'a', numComments: 1 }];
  Object.assign(lane.listing, { page: 1, listed: 4, isEnded: true });
  lane.outcome.threads_read = 2;
  expect(progressFromLanes([{ position: 0, state: lane }], { subreddits: ['funny', 'pics'] })).toMatchObject([
    { name: 'funny', posts: 3, threads_done: 2, threads_total: 3, share: 0.75 },
    { name: 'pics', state: 'waiting', share: 0 },
  ]);
  expect(progressFromLanes([], { nothing: 'right' })).toEqual([]);
});

test('reads results of older versions with fewer fields, and ignores results of other task types', () => {
  const counts = { new: 1, updated: 2, unchanged: 3 };
  expect(
    progressFromResult({
      return_value: {
        subreddits: [{ subreddit: 'funny', status: 'succeeded', posts: counts, comments: counts, requests: 4 }],
      },
    }),
  ).toMatchObject([{ name: 'funny', posts: 6, threads_done: 0, requests: 4, requests_saved: 0 }]);
  expect(progressFromResult({ return_value: { status: 'healthy' } })).toBeUndefined();
  expect(progressFromResult(null)).toBeUndefined();
});

describe('shows no subreddit as running once the run has ended', () => {
  const lane = (
    position: number,
    status: 'waiting' | 'running' | 'succeeded' | 'failed',
    brokenBy: string | null = null,
  ) => {
    const state = freshLane(`s${position}`);
    state.outcome.status = status;
    return { position, state: { ...state, brokenBy } };
  };
  const names = { subreddits: ['s0', 's1', 's2', 's3', 's4'] };
  const states = (status: string, ...lanes: { position: number; state: unknown }[]) =>
    progressFromStoppedLanes(lanes, names, status).map((one) => one.state);

  test('failed: fails the lanes that broke the run, cancels the others in progress, skips those not begun', () => {
    expect(
      states('failed', lane(0, 'succeeded'), lane(1, 'running', 'no answer'), lane(2, 'running'), lane(3, 'waiting')),
    ).toEqual(['succeeded', 'failed', 'cancelled', 'skipped', 'skipped']);
    expect(states('failed', lane(0, 'failed'), lane(1, 'running'), lane(2, 'waiting'))).toEqual([
      'failed',
      'failed',
      'skipped',
      'skipped',
      'skipped',
    ]);
  });

  test.each(['cancelled', 'timed_out', 'terminated'])(
    '%s: cancels lanes in progress, skips those not begun',
    (status) => {
      expect(states(status, lane(0, 'failed'), lane(1, 'running'), lane(2, 'waiting'))).toEqual([
        'failed',
        'cancelled',
        'skipped',
        'skipped',
        'skipped',
      ]);
    },
  );
});

test('does not count a failed subreddit of a result as done', () => {
  const counts = { new: 0, updated: 0, unchanged: 0 };
  const outcome = (status: string) => ({ subreddit: 'funny', status, posts: counts, comments: counts, requests: 1 });
  expect(
    percentDone(progressFromResult({ return_value: { subreddits: [outcome('succeeded'), outcome('failed')] } })!),
  ).toBe(50);
});

test('averages the percentage over all subreddits', () => {
  expect(percentDone([part(0, { share: 1 }), part(1, { share: 0.333 })])).toBe(66);
  expect(percentDone([])).toBeNull();
});

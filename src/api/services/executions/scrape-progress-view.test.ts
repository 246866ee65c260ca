import { freshLane } from '../../../tasks/reddit-scrape/scrape-state';
import {
  overlay,
  partsOfEnded,
  partsOfLanes,
  partsOfResult,
  percentOf,
  readBeat,
  type ScrapePart,
} from './scrape-progress-view';

const part = (position: number, more: Partial<ScrapePart> = {}): ScrapePart => ({
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

test('the newer of two is the one with more requests', () => {
  const newer = part(1, { requests: 9, comments: 80 });
  expect(overlay([part(0), part(1)], [newer, part(0, { requests: 4 }), part(7)])).toEqual([part(0), newer]);
});

test('a heartbeat of another make is none', () => {
  expect(readBeat(part(0))).toEqual(part(0));
  expect(readBeat({ cursor: 3 })).toBeUndefined();
  expect(readBeat(undefined)).toBeUndefined();
});

test('rows tell of every subreddit, also of one without a row', () => {
  const lane = freshLane('funny');
  lane.outcome.posts.new = 3;
  lane.pending = [{ id: 'a', numComments: 1 }];
  lane.listing = { after: null, page: 1, listed: 4, isEnded: true, again: null };
  lane.outcome.threads_read = 2;
  expect(partsOfLanes([{ position: 0, state: lane }], { subreddits: ['funny', 'pics'] })).toMatchObject([
    { name: 'funny', posts: 3, threads_done: 2, threads_total: 3, share: 0.75 },
    { name: 'pics', state: 'waiting', share: 0 },
  ]);
  expect(partsOfLanes([], { nothing: 'right' })).toEqual([]);
});

test('a result of an older version knows less, and one of another type is none', () => {
  const counts = { new: 1, updated: 2, unchanged: 3 };
  expect(
    partsOfResult({
      return_value: {
        subreddits: [{ subreddit: 'funny', status: 'succeeded', posts: counts, comments: counts, requests: 4 }],
      },
    }),
  ).toMatchObject([{ name: 'funny', posts: 6, threads_done: 0, requests: 4, requests_saved: 0 }]);
  expect(partsOfResult({ return_value: { status: 'healthy' } })).toBeUndefined();
  expect(partsOfResult(null)).toBeUndefined();
});

describe('of a run that has ended nothing is at work any more', () => {
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
    partsOfEnded(lanes, names, status).map((one) => one.state);

  test('failed: those that ended it, the others were cut short or never begun', () => {
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

  test.each(['cancelled', 'timed_out', 'terminated'])('%s: cut short or never begun', (status) => {
    expect(states(status, lane(0, 'failed'), lane(1, 'running'), lane(2, 'waiting'))).toEqual([
      'failed',
      'cancelled',
      'skipped',
      'skipped',
      'skipped',
    ]);
  });
});

test('what failed is not done, also by its result', () => {
  const counts = { new: 0, updated: 0, unchanged: 0 };
  const outcome = (status: string) => ({ subreddit: 'funny', status, posts: counts, comments: counts, requests: 1 });
  expect(percentOf(partsOfResult({ return_value: { subreddits: [outcome('succeeded'), outcome('failed')] } })!)).toBe(
    50,
  );
});

test('the percentage is that of all subreddits', () => {
  expect(percentOf([part(0, { share: 1 }), part(1, { share: 0.333 })])).toBe(66);
  expect(percentOf([])).toBeNull();
});

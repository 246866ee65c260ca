import { freshLane } from '../../tasks/reddit-scrape/scrape-state';
import { overlay, partsOfLanes, partsOfResult, percentOf, readBeat, type ScrapePart } from './scrape-progress';

const part = (position: number, more: Partial<ScrapePart> = {}): ScrapePart => ({ position, name: `s${position}`, state: 'running', posts: 1, comments: 2, threads_done: 1, threads_total: 3, requests: 5, requests_saved: 0, share: 0.5, ...more });

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
  expect(partsOfLanes([{ position: 0, state: lane }], { subreddits: ['funny', 'pics'] })).toMatchObject([{ name: 'funny', posts: 3, threads_done: 0, threads_total: 1, share: 0.75 }, { name: 'pics', state: 'waiting', share: 0 }]);
  expect(partsOfLanes([], { nothing: 'right' })).toEqual([]);
});

test('a result of an older version knows less, and one of another type is none', () => {
  const counts = { new: 1, updated: 2, unchanged: 3 };
  expect(partsOfResult({ return_value: { subreddits: [{ subreddit: 'funny', status: 'succeeded', posts: counts, comments: counts, requests: 4 }] } })).toMatchObject([{ name: 'funny', posts: 6, threads_done: 0, requests: 4, requests_saved: 0 }]);
  expect(partsOfResult({ return_value: { status: 'healthy' } })).toBeUndefined();
  expect(partsOfResult(null)).toBeUndefined();
});

test('the percentage is that of all subreddits', () => {
  expect(percentOf([part(0, { share: 1 }), part(1, { share: 0.333 })])).toBe(66);
  expect(percentOf([])).toBeNull();
});

import { progressOf } from './scrape-progress';
import { scrapeParameters } from './scrape-parameters';
import { freshLane, type LaneState } from './scrape-state';

const parameters = scrapeParameters.parse({ subreddits: ['funny'], posts_limit: 200 });
const share = (change: (lane: LaneState) => void, given = parameters) => {
  const lane = freshLane('funny');
  lane.outcome.status = 'running';
  change(lane);
  return progressOf(0, lane, given).share;
};
const pending = (count: number) => Array.from({ length: count }, (_, n) => ({ id: `p${n}`, numComments: 3 }));
const listed = (lane: LaneState, pages: number, isEnded: boolean) =>
  Object.assign(lane.listing, { page: pages, listed: pages * 100, isEnded });

test('nothing is done before the first page', () => {
  expect(share(() => undefined)).toBe(0);
});

test('posts without comments are done with their page, and lower the number of expected threads', () => {
  // 95 of a hundred posts without comments; of the five threads one is read, and a page like it is to come.
  const early = share((lane) => {
    listed(lane, 1, false);
    lane.pending = pending(4);
    lane.outcome.threads_read = 1;
  });
  expect(early).toBeCloseTo(2 / (2 + 1 + 4 + 5), 3);
});

test('unchanged threads do not count as threads to be read', () => {
  const known = share((lane) => {
    listed(lane, 1, false);
    lane.outcome.threads_unchanged = 90;
    lane.pending = pending(10);
  });
  expect(known).toBeCloseTo(1 / (1 + 1 + 10 + 10), 3);
});

test('with comments_limit 0 only the pages count', () => {
  expect(
    share(
      (lane) => void listed(lane, 1, false),
      scrapeParameters.parse({ subreddits: ['funny'], posts_limit: 200, comments_limit: 0 }),
    ),
  ).toBe(0.5);
});

test('only a successful subreddit is at 1; a refused one stays where it stopped', () => {
  expect(
    share((lane) => {
      listed(lane, 2, true);
      lane.outcome.threads_read = 40;
      lane.outcome.status = 'succeeded';
    }),
  ).toBe(1);
  expect(share((lane) => void (lane.outcome.status = 'failed'))).toBe(0);
  expect(
    share((lane) => {
      listed(lane, 2, true);
      lane.outcome.threads_read = 40;
    }),
  ).toBe(0.99);
});

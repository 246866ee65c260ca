import { setDefaultSubreddits } from '../../../tasks/reddit-scrape/subreddit-names';
import { describeTaskTypes } from './task-type-catalogue';

afterEach(() => void setDefaultSubreddits([]));

const scrape = () => describeTaskTypes().task_types.find(({ name }) => name === 'REDDIT_SCRAPE')!;

test('a parameter is required, unless the operator has set a default for it', () => {
  expect([scrape().parameters['required'], scrape().defaults['subreddits']]).toEqual([['subreddits'], undefined]);
  setDefaultSubreddits(['funny']);
  expect([scrape().parameters['required'], scrape().defaults['subreddits']]).toEqual([[], ['funny']]);
});

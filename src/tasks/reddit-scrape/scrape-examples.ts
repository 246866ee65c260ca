import type { ParameterExamples } from '../task-type';
import type { scrapeParameters } from './scrape-parameters';

const names = (count: number) => Array.from({ length: count }, (_, index) => `a${index}`);
const scrape = (...subreddits: string[]) => ({ subreddits });
const badName = (name: unknown) => ({ parameters: { subreddits: [name] }, at: 'subreddits.0' });
const bad = (at: string, value: unknown) => ({ parameters: { subreddits: ['funny'], [at]: value }, at });

export const scrapeExamples: ParameterExamples<typeof scrapeParameters> = {
  accepted: [
    { subreddits: ['typescript'], sort: 'top', time_filter: 'day', posts_limit: 100 },
    scrape('funny'),
    scrape('r/name'),
    scrape('R/Name'),
    scrape('/r/name', ' r/name\n'),
    scrape('ab', 'a'.repeat(22)),
    scrape('r/ab', 'AB'),
    scrape('r/Python/', 'https://www.reddit.com/r/Python/', 'u/some-user', 'u_some-user', 'reddit.com', 'ab+cd'),
    scrape(...names(100)),
    { subreddits: ['u_spez'], comments_depth: null, sort: 'top', time_filter: 'all', posts_limit: 1000 },
  ],
  refused: [
    { parameters: {}, at: 'subreddits' },
    { parameters: scrape(), at: 'subreddits' },
    badName('a'),
    badName('r/'),
    badName('r/ name'),
    badName('r/r/name'),
    badName('//r/name'),
    badName('_ab'),
    badName('a b'),
    badName('a'.repeat(23)),
    badName(7),
    { parameters: scrape(...names(101)), at: 'subreddits' },
    { parameters: { subreddits: 'funny' }, at: 'subreddits' },
    bad('limit', 3),
    bad('posts_limit', 0),
    bad('posts_limit', '5'),
    bad('comments_depth', 1.5),
    bad('sort', 'best'),
    bad('sort', null),
  ],
};

import type { SandboxSubreddit } from './reddit-content';

export interface GeneratedSubreddit extends SandboxSubreddit {
  /** Its place in the list is part of every id: append, never reorder. */
  place: number;
  /** Seconds from one new post to the next. */
  everySeconds: number;
  nouns: readonly string[];
  flairs: readonly string[];
  subscribers: number;
}

const created = Date.UTC(2010, 0, 1) / 1000;

function subreddit(
  place: number,
  name: string,
  everySeconds: number,
  subscribers: number,
  nouns: string[],
  flairs: string[],
  access: SandboxSubreddit['access'] = 'public',
): GeneratedSubreddit {
  const id = (36 ** 4 + place).toString(36);
  const about = {
    id,
    name: `t5_${id}`,
    display_name: name,
    display_name_prefixed: `r/${name}`,
    title: `${name} (made up)`,
    public_description: `Generated content about the ${nouns[0]} and the ${nouns[1]}.`,
    description: 'Nothing here was written by a person.',
    subscribers,
    accounts_active: Math.round(subscribers / 400),
    over18: false,
    quarantine: false,
    subreddit_type: access === 'private' ? 'private' : 'public',
    url: `/r/${name}/`,
    lang: 'en',
    created,
    created_utc: created,
  };
  return { name, access, about, place, everySeconds, nouns, flairs, subscribers };
}

/** r/history is slow: its posts span some weeks, so that time filters give different results. */
export const GENERATED_SUBREDDITS: readonly GeneratedSubreddit[] = [
  subreddit(
    0,
    'programming',
    30,
    6_800_000,
    ['compiler', 'linked list', 'build server', 'parser', 'code review', 'deadlock', 'cache', 'regular expression'],
    ['Article', 'Discussion', 'Video'],
  ),
  subreddit(
    1,
    'typescript',
    60,
    160_000,
    ['type guard', 'union type', 'decorator', 'tsconfig', 'generic', 'mapped type', 'monorepo'],
    ['Help', 'Library', 'Blog'],
  ),
  subreddit(
    2,
    'selfhosted',
    45,
    480_000,
    ['home server', 'reverse proxy', 'backup disk', 'media library', 'dashboard', 'mail relay', 'VPN'],
    ['Guide', 'Release', 'Need Help'],
  ),
  subreddit(
    3,
    'dataisbeautiful',
    50,
    21_000_000,
    ['bar chart', 'heat map', 'census table', 'scatter plot', 'time series', 'colour scale'],
    ['OC', 'Discussion'],
  ),
  subreddit(
    4,
    'askscience',
    40,
    25_000_000,
    ['black hole', 'enzyme', 'tectonic plate', 'magnet', 'prime number', 'neuron', 'comet'],
    ['Physics', 'Biology', 'Mathematics'],
  ),
  subreddit(
    5,
    'books',
    55,
    25_500_000,
    ['novel', 'narrator', 'second chapter', 'library card', 'translation', 'short story'],
    ['Review', 'Question'],
  ),
  subreddit(
    6,
    'gardening',
    60,
    6_900_000,
    ['tomato', 'compost heap', 'rose bush', 'greenhouse', 'seed tray', 'apple tree'],
    ['Pests', 'Harvest', 'Advice'],
  ),
  subreddit(
    7,
    'history',
    1_800,
    18_000_000,
    ['trade route', 'treaty', 'lost city', 'coin hoard', 'royal letter', 'harbour'],
    ['Article', 'Podcast'],
  ),
  subreddit(8, 'taskloom_private', 60, 12, ['secret', 'door'], ['Hidden'], 'private'),
  subreddit(9, 'taskloom_banned', 60, 0, ['ban', 'rule'], ['Gone'], 'banned'),
];

export const generatedSubreddit = (name: string): GeneratedSubreddit | undefined => {
  const wanted = name.toLowerCase();
  return GENERATED_SUBREDDITS.find((candidate) => candidate.name.toLowerCase() === wanted);
};

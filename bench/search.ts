import Table from 'cli-table3';
import { startBenchStack, type BenchStack } from './bench-stack';
import { machineLine, percentile } from './figures';
import { createVocabulary, seedReddit } from './reddit-seed';

/**
 * `npm run bench:search -- [comments] [times] [languages]`: response times of searches and statistics over scraped
 * content, by HTTP and for one caller. Each question is asked `times` times in a row, after one that is not counted;
 * some with other words each time. Of every five rows, one is in one of `languages` languages other than English.
 */
const COMMENTS = Number(process.argv[2] ?? 1_000_000);
const TIMES = Number(process.argv[3] ?? 20);
const LANGUAGES = Number(process.argv[4] ?? 0);
const POSTS = Math.ceil(COMMENTS / 50);

interface Question {
  name: string;
  /** A function of the number of the request. */
  path: string | ((n: number) => string);
  body?: object;
}

const search = (q: string, more = '') => ({ path: `/reddit/search?q=${encodeURIComponent(q)}${more}` });
const words = createVocabulary();
const searchWords = (of: (n: number) => string, more = '') => ({ path: (n: number) => search(of(n), more).path });
const substring = (query: string) => ({ path: '/reddit/comments/search', body: { query } });
const QUESTIONS: Question[] = [
  { name: 'a very common word', ...search('people') },
  { name: 'a common word', ...search('cat') },
  { name: 'a common word, in one subreddit', ...search('cat', '&subreddit=books') },
  {
    name: 'a common word, in a hundred days of last year',
    ...search('cat', `&since=${daysAgo(300)}&until=${daysAgo(200)}`),
  },
  { name: 'a common word, nsfw', ...search('cat', '&nsfw=true') },
  { name: 'a rare word', ...search('telescope') },
  { name: 'a very rare word', ...search('zeppelin') },
  { name: 'two words', ...search('people cat') },
  { name: 'one word or another', ...search('cat or telescope') },
  { name: 'a phrase', ...search('"people cat"') },
  { name: 'all but a word', ...search('-cat') },
  { name: 'a word without another', ...search('people -cat') },
  { name: 'another common word each time', ...searchWords((n) => `${words[150 + n]}`) },
  { name: 'another rare word each time', ...searchWords((n) => `${words[3_001 + 11 * n]}`) },
  { name: 'two other words each time', ...searchWords((n) => `${words[100 + n]} ${words[200 + 3 * n]}`) },
  { name: 'another phrase each time', ...searchWords((n) => `"${words[80 + n]} ${words[90 + 2 * n]}"`) },
  { name: 'another common word each time, in German', ...searchWords((n) => `${words[150 + n]}`, '&language=german') },
  { name: 'comments with a common text', ...substring('people') },
  { name: 'comments with a rare text', ...substring('zeppelin') },
  { name: 'comments with a text that is nowhere', ...substring('nowhere at all') },
  { name: 'a large subreddit, 30 days', path: '/reddit/subreddits/askreddit/stats' },
  { name: 'a large subreddit, 365 days', path: '/reddit/subreddits/askreddit/stats?days=365' },
  { name: 'a small subreddit, 365 days', path: '/reddit/subreddits/books/stats?days=365' },
];

function daysAgo(days: number): string {
  return new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
}

async function ask(stack: BenchStack, question: Question, n: number): Promise<{ elapsedMs: number; answer: string }> {
  const { body } = question;
  const path = typeof question.path === 'string' ? question.path : question.path(n);
  const startedAt = performance.now();
  const response = await fetch(`${stack.apiUrl}${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { authorization: `Bearer ${stack.token}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${answer}`);
  return { elapsedMs: performance.now() - startedAt, answer };
}

/** The number of results, or the count in the answer. */
function sizeOf(answer: string): string {
  const parsed = JSON.parse(answer) as
    unknown[] | { total?: number; is_total_capped?: boolean; comments?: { total_count: number } };
  if (Array.isArray(parsed)) return String(parsed.length);
  return `${parsed.total ?? parsed.comments?.total_count}${parsed.is_total_capped ? ', capped' : ''}`;
}

async function main(): Promise<void> {
  const stack = await startBenchStack({ apiPort: 18_141 });
  try {
    process.stderr.write(`Writing ${POSTS} posts and ${COMMENTS} comments …\n`);
    await seedReddit(stack.database, { posts: POSTS, comments: COMMENTS, languages: LANGUAGES });
    const table = new Table({ style: { head: [], border: [] }, head: ['question', 'found', 'p50 ms', 'slowest ms'] });
    for (const question of QUESTIONS) {
      const { answer } = await ask(stack, question, TIMES);
      const times: number[] = [];
      for (let n = 0; n < TIMES; n += 1) times.push((await ask(stack, question, n)).elapsedMs);
      table.push([question.name, sizeOf(answer), percentile(times, 50).toFixed(0), Math.max(...times).toFixed(0)]);
    }
    console.log(table.toString());
    console.log(
      `${COMMENTS} comments on ${POSTS} posts over a year, a fifth in ${LANGUAGES} other languages, ` +
        `each question ${TIMES} times; ${machineLine()}.`,
    );
  } finally {
    await stack.stop();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

import { createGeneratedContent } from '../../../src/reddit-sandbox/generated-content';
import { createScrapeBench } from '../../support/scrape-attempts';

const bench = createScrapeBench();
const world = { seed: 'odd-listings', now: () => new Date('2026-05-01T12:00:00Z'), scale: { posts: 250 } };
const parameters = { subreddits: ['history', 'books'], sort: 'new', posts_limit: 250, comments_limit: 0 };
const content = createGeneratedContent(world);
const [history, books] = ['history', 'books'].map((name) => content.listing(name, 'new', 'all').length);
const storedIn = async (subreddit: string) =>
  (await bench.rowsOf('reddit_posts')).filter((post) => post.subreddit === subreddit);

test('a subreddit that was renamed costs itself only, and the new name is told', async () => {
  const reddit = await bench.connect(world);
  bench.sandbox.changeContent([{ subreddit: 'history', movedTo: 'AskHistory' }]);
  expect(await bench.attempt(reddit, parameters).result).toMatchObject({
    subreddits: [
      { status: 'failed', error: expect.stringContaining('r/AskHistory') },
      { status: 'succeeded', posts: { new: books } },
    ],
  });
});

test('a listing that leads back to its first page ends there, and tells so', async () => {
  const reddit = await bench.connect(world);
  bench.sandbox.changeContent([{ subreddit: 'history', isCircular: true }]);
  const result = await bench.attempt(reddit, { ...parameters, posts_limit: 1000 }).result;
  expect(result).toMatchObject({
    circles: 1,
    subreddits: [
      { posts: { new: history, unchanged: 0 }, requests: 3, ended_early: expect.stringContaining('led back') },
      { posts: { new: books }, requests: 3, ended_early: null },
    ],
  });
});

test('a listing goes on when the post that ended its page has been deleted since', async () => {
  const reddit = await bench.connect(world);
  let pages = 0;
  const run = bench.attempt(
    reddit,
    { ...parameters, subreddits: ['history'] },
    {
      onSave: () => {
        pages += 1;
        if (pages > 1) return;
        const { after } = run.states()[0]!.listing;
        bench.sandbox.changeContent([{ name: after!, change: 'delete' }]);
      },
    },
  );
  expect(await run.result).toMatchObject({ subreddits: [{ ended_early: null, posts: { new: history }, requests: 4 }] });
  expect(await storedIn('history')).toHaveLength(history!);
});

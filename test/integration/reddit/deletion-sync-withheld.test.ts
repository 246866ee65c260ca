import { createDeletionSyncBench, SCRAPE_PARAMETERS, SECRETS } from '../../support/deletion-sync-support';

const bench = createDeletionSyncBench();
const { scrape, sync, everything, plant } = bench;

describe('a subreddit that Reddit no longer shows', () => {
  /** Plants two subreddits of so few rows that they share requests. Returns the number of rows of each. */
  async function plantTwo() {
    await plant();
    await scrape({ ...SCRAPE_PARAMETERS, subreddits: ['books'], posts_limit: 20 });
    const rows = async (name: string) =>
      Number(
        (
          await bench.db.database.raw<{ rows: { n: number }[] }>(
            `select (select count(*) from reddit_posts where subreddit = :name)
               + (select count(*) from reddit_comments where subreddit = :name) as n`,
            { name },
          )
        ).rows[0]!.n,
      );
    return { books: await rows('books'), typescript: await rows('typescript') };
  }
  const texts = () =>
    bench.db
      .database('reddit_comments')
      .where({ subreddit: 'typescript' })
      .orderBy('id')
      .select('id', 'body', 'author', 'is_deleted', 'scraped_at');

  test.each([
    ['private', 403],
    ['banned', 404],
    ['quarantined', 403],
  ] as const)(
    'keeps and reports its content when it is %s, and compares that of the others',
    async (access, status) => {
      const rows = await plantTwo();
      const before = await texts();
      const book = await bench.db.database('reddit_comments').where({ subreddit: 'books', is_deleted: false }).first();
      bench.world.sandbox.changeContent([
        { subreddit: 'TypeScript', access },
        { name: `t1_${book.id}`, change: 'lose' },
      ]);
      bench.world.sandbox.requests.clear();
      const result = await sync();
      expect(result).toMatchObject({
        checked: rows.books + rows.typescript,
        deleted: 1,
        removed: 0,
        withheld: rows.typescript,
        unchanged: rows.books - 1,
        withheld_subreddits: [
          { subreddit: 'typescript', reason: expect.stringMatching(`${status}, ${access}`), items: rows.typescript },
        ],
      });
      expect(await texts()).toEqual(before);
      const asked = (part: string) => bench.world.sandbox.requests.entries.filter(({ path }) => path.includes(part));
      expect(asked('/about')).toHaveLength(1);
      // Requests for hidden content end as soon as the subreddit is known to be hidden.
      expect(asked('/api/info').length).toBeLessThanOrEqual(Math.ceil(rows.books / 100) + 2);
      expect(result.requests).toBe(
        bench.world.sandbox.requests.entries.filter(({ path }) => !path.includes('access_token')).length,
      );

      bench.world.sandbox.changeContent([{ subreddit: 'typescript', access: 'public' }]);
      expect(await sync()).toMatchObject({
        withheld: 0,
        deleted: 0,
        unchanged: rows.books + rows.typescript,
        withheld_subreddits: [],
      });
    },
  );

  test('is scrubbed when it is readable and all its content is gone', async () => {
    const { posts, comments } = await plant();
    bench.world.sandbox.changeContent(
      [...posts.map((id) => `t3_${id}`), ...comments.map((id) => `t1_${id}`)].map((name) => ({ name, change: 'lose' })),
    );
    expect(await sync()).toMatchObject({ deleted: posts.length + comments.length, withheld: 0 });
    expect(await everything()).not.toMatch(SECRETS);
  });

  test('is not scrubbed while its access is unknown', async () => {
    await plant();
    const before = await texts();
    const { reddit } = bench.world;
    bench.world.reddit = {
      ...reddit,
      scoped: () => ({
        ...reddit,
        getInfo: async () => ({ posts: [], comments: [], malformed: 0 }),
        getSubreddit: () => Promise.reject(new Error('no answer')),
      }),
    };
    await expect(sync()).rejects.toThrow('no answer');
    expect(await texts()).toEqual(before);
  });
});

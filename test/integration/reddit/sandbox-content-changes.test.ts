import { startWorld, type ScrapedWorld } from '../../support/scrape-stack';

let world: ScrapedWorld;
beforeAll(async () => {
  world = await startWorld({ scale: { commentsPerPost: 5 } });
});
afterAll(() => world?.sandbox.close());

test('the sandbox changes content over HTTP, and refuses a body that it cannot parse', async () => {
  const send = (body: unknown) =>
    fetch(`${world.url}/_sandbox/content`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const { posts } = await world.reddit.listPosts({ subreddit: 'typescript', sort: 'new', limit: 2 });
  const gone = `t3_${posts[0]!.id}`;
  expect((await send([{ name: gone, change: 'lose' }])).status).toBe(200);
  expect((await world.reddit.getInfo([gone, `t3_${posts[1]!.id}`])).posts.map(({ id }) => id)).toEqual([posts[1]!.id]);
  expect(
    (await world.reddit.listPosts({ subreddit: 'typescript', sort: 'new', limit: 2 })).posts.map(({ id }) => id),
  ).not.toContain(posts[0]!.id);
  for (const body of [
    {},
    [{ name: 'x', change: 'lose' }],
    [{ name: gone, change: 'explode' }],
    [{ name: gone, change: 'edit' }],
    [{ subreddit: 'typescript', access: 'open' }],
  ])
    expect([body, (await send(body)).status]).toEqual([body, 400]);
});

import { createGeneratedContent } from '../../../src/reddit-sandbox/generated-content';
import { buildTree } from '../../../src/reddit-sandbox/sandbox-comment-tree';
import { createScrapeBench } from '../../support/scrape-attempts';
import type { Oddity } from '../../../src/reddit-sandbox/oddities';

const bench = createScrapeBench();
const world = {
  seed: 'odd-threads',
  now: () => new Date('2026-05-01T12:00:00Z'),
  scale: { posts: 1, commentsPerPost: 700 },
};
const parameters = {
  subreddits: ['history'],
  sort: 'new',
  posts_limit: 1,
  comments_limit: 10_000,
  expand_more: 1000,
};

const content = createGeneratedContent(world);
const [postId = ''] = content.listing('history', 'new', 'all');
const { nodes } = content.thread(postId)!;
const tree = buildTree(nodes);
const idsBelow = (index: number): string[] => [nodes[index]!.id, ...tree.replies[index]!.flatMap(idsBelow)];

type Result = Record<string, unknown> & { comments: { new: number }; requests: number };
async function scrape(oddities: Record<string, Oddity>, faults = {}): Promise<Result> {
  const reddit = await bench.connect({ ...world, faults });
  bench.sandbox.changeContent(Object.entries(oddities).map(([name, oddity]) => ({ name, oddity })));
  return (await bench.attempt(reddit, parameters).result) as Result;
}
const place = (id: string) => nodes.findIndex((node) => node.id === id);
const isLeaf = (id: string) => idsBelow(place(id)).length === 1;
const stored = async () => (await bench.rowsOf('reddit_comments')).map(({ id }) => id as string);
const all = () => nodes.map(({ id }) => id).sort();
const isThreadComplete = async () => (await bench.threads())[0]?.is_complete;

/** Comments that a scrape of the untouched thread asks of `morechildren`, those of the post apart. */
async function askedOfMore(): Promise<string[]> {
  await scrape({});
  const asked = bench.sandbox.requests.entries.flatMap(({ query }) => query.children?.split(',') ?? []);
  await bench.startOver();
  const parents = new Map(nodes.map(({ id, parent }) => [id, parent]));
  return asked.filter((id) => (parents.get(id) ?? -1) >= 0);
}

test('children that morechildren leaves out, of stubs that count 0, are found on pages', async () => {
  const left = (await askedOfMore()).slice(0, 12);
  expect(left).toHaveLength(12);
  const result = await scrape({
    [`t3_${postId}`]: 'uncounted-stubs',
    ...Object.fromEntries(left.map((id) => [`t1_${id}`, 'left-out-of-more' as const])),
  });
  expect(await stored()).toEqual(all());
  expect(result).toMatchObject({ comments: { new: 700, updated: 0, unchanged: 0 }, unexpanded: 0 });
  expect(await isThreadComplete()).toBe(true);
});

test('children that no answer shows are counted, and the thread is not called complete', async () => {
  const lost = (await askedOfMore()).filter(isLeaf).slice(0, 3);
  const result = await scrape(Object.fromEntries(lost.map((id) => [`t1_${id}`, 'left-out' as const])));
  expect(await stored()).toEqual(all().filter((id) => !lost.includes(id)));
  expect(result).toMatchObject({ unexpanded: 3, threads_read: 1 });
  expect(await isThreadComplete()).toBe(false);
});

test('a stub that returns itself and a stub of the post end, and are told of', async () => {
  const loop = (await askedOfMore()).find(isLeaf);
  const result = await scrape({ [`t3_${postId}`]: 'more-of-post', [`t1_${loop}`]: 'stub-of-itself' });
  expect(await stored()).toEqual(all().filter((id) => id !== loop));
  expect(result).toMatchObject({ circles: 2, unexpanded: 2 });
  expect((await bench.rowsOf('reddit_comments')).filter(({ depth }) => (depth as number) < 0)).toEqual([]);
  expect(await isThreadComplete()).toBe(false);
});

describe('a continued thread', () => {
  const continued = async () => {
    await scrape({});
    const places = bench.sandbox.requests.entries.flatMap(({ query }) => query.comment ?? []);
    await bench.startOver();
    return places;
  };
  test.each([['page-missing'], ['page-spoilt']] as const)('that is %s costs its own branch only', async (oddity) => {
    const [start = ''] = await continued();
    const result = await scrape({ [`t1_${start}`]: oddity });
    const branch = idsBelow(place(start)).slice(1);
    expect(await stored()).toEqual(all().filter((id) => !branch.includes(id)));
    expect(result).toMatchObject({ threads_read: 1, threads_failed: 0, unexpanded: 1 });
    expect(await isThreadComplete()).toBe(false);
  });

  test('that continues at itself ends there', async () => {
    const [start] = await continued();
    const result = await scrape({ [`t1_${start}`]: 'circle' });
    expect(await stored()).toEqual(all());
    expect(result).toMatchObject({ circles: 1, unexpanded: 1 });
  });
});

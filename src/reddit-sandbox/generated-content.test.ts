import { createGeneratedContent } from './generated-content';
import type { PostData } from './reddit-content';

const at = (time: string, seed = 'a') => createGeneratedContent({ seed, now: () => new Date(time) });
const EARLY = '2026-03-01T12:00:00Z';
const LATE = '2026-03-01T14:00:00Z';

const everything = (content: ReturnType<typeof at>) =>
  content
    .listing('askscience', 'new', 'all')
    .slice(0, 60)
    .map((id) => {
      const thread = content.thread(id)!;
      return { post: content.post(id), comments: thread.nodes.map((_, index) => thread.comment(index)) };
    });

test('gives the same content for the same seed and clock, and other content for another seed', () => {
  expect(everything(at(EARLY))).toEqual(everything(at(EARLY)));
  expect(everything(at(EARLY, 'b'))).not.toEqual(everything(at(EARLY)));
});

test('grows by new posts and comments and keeps the older ones', () => {
  const [early, late] = [at(EARLY), at(LATE)];
  const [before, after] = [early.listing('askscience', 'new', 'all'), late.listing('askscience', 'new', 'all')];
  expect(after.indexOf(before[0]!)).toBeGreaterThan(150);
  let grown = 0;
  for (const id of before.slice(0, 100)) {
    const ids = early.thread(id)!.nodes.map((node) => node.id);
    const later = late.thread(id)!.nodes.map((node) => node.id);
    expect(later.slice(0, ids.length)).toEqual(ids);
    expect(late.post(id)).toMatchObject({ id, title: early.post(id)!.title, num_comments: later.length });
    grown += later.length - ids.length;
  }
  expect(grown).toBeGreaterThan(50);
  expect(early.post(after[0]!)).toBeUndefined();
});

test('has nothing from the future and finds every id again', () => {
  const content = at(EARLY);
  const now = Date.parse(EARLY) / 1000;
  for (const id of content.listing('selfhosted', 'hot', 'all').slice(0, 200)) {
    const post = content.post(id)!;
    expect(post.created_utc).toBeLessThanOrEqual(now);
    const thread = content.thread(id)!;
    thread.nodes.slice(0, 20).forEach((node, index) => {
      expect(node.createdAt).toBeLessThanOrEqual(now);
      expect(node.parent).toBeLessThan(index);
      expect(content.comment(node.id)).toEqual(thread.comment(index));
    });
  }
});

test('has the variety of real threads', () => {
  const content = at(EARLY);
  const posts = content.listing('programming', 'new', 'all').map((id) => content.post(id)!);
  expect(posts.length).toBeGreaterThan(900);
  const kinds: Record<string, (post: PostData) => boolean> = {
    'self post': (post) => post.is_self === true,
    link: (post) => post.is_self === false,
    nsfw: (post) => post.over_18 === true,
    spoiler: (post) => post.spoiler === true,
    'author gone': (post) => post.author === '[deleted]',
    edited: (post) => post.edited !== false,
    'without flair': (post) => post.link_flair_text === null,
    'without comments': (post) => post.num_comments === 0,
    'hundreds of comments': (post) => (post.num_comments as number) > 200,
  };
  expect(Object.keys(kinds).filter((kind) => !posts.some(kinds[kind]!))).toEqual([]);
  const largest = posts.reduce((most, post) =>
    (post.num_comments as number) > (most.num_comments as number) ? post : most,
  );
  const thread = content.thread(largest.id)!;
  const comments = thread.nodes.map((_, index) => thread.comment(index));
  for (const body of ['[deleted]', '[removed]']) expect(comments.some((comment) => comment.body === body)).toBe(true);
  expect(comments.some((comment) => (comment.score as number) < 0)).toBe(true);
  expect(comments.some((comment) => comment.is_submitter)).toBe(true);
  expect(comments.some((comment) => comment.edited)).toBe(true);
  const deepest = posts.map((post) => {
    const depths: number[] = [];
    for (const node of content.thread(post.id)!.nodes) depths.push(node.parent < 0 ? 0 : depths[node.parent]! + 1);
    return depths.reduce((most, depth) => Math.max(most, depth), 0);
  });
  expect(Math.max(...deepest)).toBeGreaterThan(10);
});

import { createGeneratedContent, type GeneratedScale } from '../../src/reddit-sandbox/generated-content';
import { buildTree } from '../../src/reddit-sandbox/sandbox-comment-tree';
import type { Thread } from '../../src/reddit-sandbox/reddit-content';

const LEVELS = 10;
const COMMENTS_A_TREE = 500;
const A_HUNDRED = 100;

export interface WorldContent {
  posts: string[];
  comments: string[];
  /** No client could read all of it with fewer: the pages, and the requests of each thread. */
  leastRequests: number;
  leastListing: number;
}

/** The requests without which not every comment of a thread can have been seen. */
function leastOfThread({ nodes }: Thread): number {
  if (nodes.length === 0) return 0;
  const tree = buildTree(nodes);
  // Reddit shows ten levels from where one asks: each comment at the last of them that has answers is a place to ask again.
  // A thread that is cut by its number too is asked by the hundred, which reaches further down: there only the number counts.
  if (nodes.length > COMMENTS_A_TREE) return 1 + Math.ceil((nodes.length - COMMENTS_A_TREE) / A_HUNDRED);
  const places = nodes.filter(
    (_, index) => tree.replies[index]!.length > 0 && tree.depth[index]! > 0 && tree.depth[index]! % (LEVELS - 1) === 0,
  );
  return 1 + places.length;
}

/** What a sandbox of this seed, time and scale holds, and the least that reading it can cost. */
export function contentOf(
  world: { seed: string; now: () => Date; scale?: GeneratedScale },
  subreddits: string[],
  postsLimit: number,
): WorldContent {
  const content = createGeneratedContent(world);
  const found: WorldContent = { posts: [], comments: [], leastRequests: 0, leastListing: 0 };
  for (const subreddit of subreddits) {
    const ids = content.listing(subreddit, 'new', 'all').slice(0, postsLimit);
    found.posts.push(...ids);
    found.leastListing += Math.max(1, Math.ceil(ids.length / A_HUNDRED));
    for (const id of ids) {
      const thread = content.thread(id)!;
      found.comments.push(...thread.nodes.map((node) => node.id));
      found.leastRequests += leastOfThread(thread);
    }
  }
  found.leastRequests += found.leastListing;
  return found;
}

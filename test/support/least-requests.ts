import { createGeneratedContent, type GeneratedScale } from '../../src/reddit-sandbox/generated-content';
import { buildTree } from '../../src/reddit-sandbox/sandbox-comment-tree';
import type { Thread } from '../../src/reddit-sandbox/reddit-content';

const LEVELS = 10;
const COMMENTS_A_TREE = 500;
const A_HUNDRED = 100;

export interface WorldContent {
  posts: string[];
  comments: string[];
  /** The least number of requests that read all of it: listing pages and the requests of each thread. */
  leastRequests: number;
  leastListing: number;
}

/** The least number of requests that read every comment of a thread. */
function leastOfThread({ nodes }: Thread): number {
  if (nodes.length === 0) return 0;
  const tree = buildTree(nodes);
  // Reddit answers ten levels of a tree. Each comment on the last level that has replies needs a request of its own.
  // A tree of more than 500 comments is also cut by number. The rest is read by the hundred from any level, so that
  // only the number counts.
  if (nodes.length > COMMENTS_A_TREE) return 1 + Math.ceil((nodes.length - COMMENTS_A_TREE) / A_HUNDRED);
  const places = nodes.filter(
    (_, index) => tree.replies[index]!.length > 0 && tree.depth[index]! > 0 && tree.depth[index]! % (LEVELS - 1) === 0,
  );
  return 1 + places.length;
}

/** The content of a sandbox of this seed, time and scale, and the least number of requests that read it. */
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

import { postScore, renderPost } from './generated-post';
import type { GeneratedSubreddit } from './generated-subreddits';
import { GENERATED_SUBREDDITS, generatedSubreddit } from './generated-subreddits';
import { generateThread, renderComment } from './generated-thread';
import { createWorld } from './generated-world';
import { orderPosts } from './listing-order';
import { createMomentCache } from './moment-cache';
import type { PostSummary, RedditContent, Thread } from './reddit-content';

export interface GeneratedScale {
  /** How many of its newest posts a subreddit lists (1,000). Older posts are still found by id. */
  posts?: number;
  /** How many comments every post has from its first second (at most 8,000). */
  commentsPerPost?: number;
}

/** Made-up subreddits that grow with the clock. The same seed and clock give exactly the same content. */
export function createGeneratedContent(options: {
  seed: string;
  now: () => Date;
  scale?: GeneratedScale;
}): RedditContent {
  const world = createWorld({ ...options, commentsPerPost: options.scale?.commentsPerPost });
  const listed = options.scale?.posts ?? 1_000;
  const summaries = createMomentCache<PostSummary[]>(world.now, 20);
  const threads = createMomentCache<Thread>(world.now, 100);

  function summarize(subreddit: GeneratedSubreddit): PostSummary[] {
    const posts: PostSummary[] = [];
    const latest = world.latestIndex(subreddit);
    for (let index = latest; index >= 0 && index > latest - listed; index--) {
      const post = world.postFacts(subreddit, index);
      if (world.now() - post.createdAt > post.lostAfter) continue;
      posts.push({
        id: post.id,
        createdAt: post.createdAt,
        upvoteRatio: post.upvoteRatio,
        score: postScore(world, post),
        numComments: world.commentCount(post),
      });
    }
    return posts;
  }

  return {
    kind: 'generated',
    subredditNames: () => GENERATED_SUBREDDITS.map(({ name }) => name),
    subreddit: generatedSubreddit,
    listing(name, sort, timeFilter) {
      const subreddit = generatedSubreddit(name);
      return subreddit
        ? orderPosts(
            summaries(subreddit.name, () => summarize(subreddit)),
            sort,
            timeFilter,
            world.now(),
          )
        : [];
    },
    post(id) {
      const post = world.findPost(id);
      return post && renderPost(world, post);
    },
    thread(postId) {
      const post = world.findPost(postId);
      return post && threads(postId, () => generateThread(world, post));
    },
    comment(id) {
      const found = world.findComment(id);
      return found && renderComment(world, found.post, found.index);
    },
  };
}

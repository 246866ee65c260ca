import { postAuthor } from './generated-post';
import type { PostFacts, World } from './generated-world';
import { ROLL } from './generated-world';
import type { CommentData, CommentNode, Thread } from './reddit-content';
import { rollsOf } from './seeded-random';
import { writeAuthor, writeText } from './words';

/**
 * The index of the comment that this one answers, or -1 for the post. It is often the comment before it; in some
 * threads so often that chains pass depth 10.
 */
function parentOf(world: World, post: PostFacts, index: number): number {
  const { place } = post.subreddit;
  const isQuarrel = world.dice(ROLL.chain, place, post.index, 1) < 0.3;
  const roll = world.dice(ROLL.commentParent, place, post.index, index);
  if (index === 0 || roll < 0.25) return -1;
  if (roll < (isQuarrel ? 0.8 : 0.45)) return index - 1;
  return Math.floor(world.dice(ROLL.commentParent, place, post.index, index, 1) * index);
}

function scoreOf(world: World, post: PostFacts, index: number): number {
  const roll = world.dice(ROLL.commentScore, post.subreddit.place, post.index, index);
  const final = roll < 0.07 ? -Math.ceil(roll * 500) : Math.floor(2 / (1 - roll) ** 0.9);
  return Math.round(1 + (final - 1) * world.growth(post));
}

/** Author and text as they are shown now. The order of the rolls is part of the content. */
function showComment(world: World, post: PostFacts, index: number, opener: string) {
  const rolls = rollsOf(world.dice, ROLL.comment, post.subreddit.place, post.index, index);
  const [fate, edit, submitter, controversy] = [rolls(), rolls(), rolls(), rolls()];
  const text = writeText(post.subreddit.nouns, rolls, 4);
  const writer = submitter < 0.1 ? opener : writeAuthor(rolls);
  const isControversial = controversy < 0.04;
  const createdAt = world.commentCreatedAt(post, index);
  // 3 % of the comments are deleted and 1.5 % removed, some time after they were written.
  const isLost = fate < 0.045 && world.now() > createdAt + 600 + fate * 200_000;
  if (isLost) {
    return { author: '[deleted]', body: fate < 0.03 ? '[deleted]' : '[removed]', edited: false, isControversial };
  }
  const editedAt = createdAt + 60 + Math.floor(edit * 60_000);
  const edited = edit < 0.06 && editedAt <= world.now() && editedAt;
  // 1 % of the accounts no longer exist.
  return { author: fate > 0.99 ? '[deleted]' : writer, body: text, edited, isControversial };
}

export function renderComment(
  world: World,
  post: PostFacts,
  index: number,
  opener = postAuthor(world, post),
): CommentData {
  const { author, body, edited, isControversial } = showComment(world, post, index, opener);
  const createdAt = world.commentCreatedAt(post, index);
  const score = scoreOf(world, post, index);
  const parent = parentOf(world, post, index);
  const id = world.commentId(post, index);
  return {
    id,
    name: `t1_${id}`,
    link_id: `t3_${post.id}`,
    parent_id: parent < 0 ? `t3_${post.id}` : `t1_${world.commentId(post, parent)}`,
    author,
    body,
    subreddit: post.subreddit.name,
    subreddit_id: post.subreddit.about.name,
    subreddit_name_prefixed: `r/${post.subreddit.name}`,
    is_submitter: author === opener && author !== '[deleted]',
    score,
    ups: score,
    downs: 0,
    score_hidden: false,
    controversiality: isControversial ? 1 : 0,
    edited,
    permalink: `/r/${post.subreddit.name}/comments/${post.id}/_/${id}/`,
    distinguished: null,
    stickied: false,
    locked: false,
    archived: false,
    collapsed: score < -5,
    gilded: 0,
    author_flair_text: null,
    created: createdAt,
    created_utc: createdAt,
    likes: null,
    saved: false,
    mod_reports: [],
    user_reports: [],
  };
}

export function generateThread(world: World, post: PostFacts): Thread {
  const nodes = Array.from({ length: world.commentCount(post) }, (_, index): CommentNode => ({
    id: world.commentId(post, index),
    parent: parentOf(world, post, index),
    score: scoreOf(world, post, index),
    createdAt: world.commentCreatedAt(post, index),
  }));
  const opener = postAuthor(world, post);
  return { nodes, comment: (index) => renderComment(world, post, index, opener) };
}

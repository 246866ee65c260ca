import type { PostFacts, World } from './generated-world';
import { ROLL } from './generated-world';
import type { PostData } from './reddit-content';
import { pick, rollsOf } from './seeded-random';
import { toSlug, writeAuthor, writeText, writeTitle } from './words';

/** Reserved names, so that nothing made up points at a real site. */
const DOMAINS = ['blog.example.com', 'news.example.org', 'code.example.net', 'i.example.com'];

export const postScore = (world: World, post: PostFacts): number =>
  Math.round(1 + (post.finalScore - 1) * world.growth(post));

export function postAuthor(world: World, post: PostFacts): string {
  const rolls = rollsOf(world.dice, ROLL.post, post.subreddit.place, post.index, 1);
  return rolls() < 0.02 ? '[deleted]' : writeAuthor(rolls);
}

export function renderPost(world: World, post: PostFacts): PostData {
  const { subreddit, id, createdAt } = post;
  const rolls = rollsOf(world.dice, ROLL.post, subreddit.place, post.index, 0);
  const isSelf = rolls() < 0.55;
  const title = writeTitle(subreddit.nouns, rolls);
  const written = isSelf ? writeText(subreddit.nouns, rolls, 5) : '';
  const domain = isSelf ? `self.${subreddit.name}` : pick(DOMAINS, rolls());
  const flair = rolls() < 0.7 ? pick(subreddit.flairs, rolls()) : null;
  const [nsfw, spoiler, edit, remover] = [rolls() < 0.03, rolls() < 0.03, rolls(), rolls()];
  const age = world.now() - createdAt;
  const editedAt = createdAt + 120 + Math.floor(edit * 40_000);
  const isLost = age > post.lostAfter;
  const removedBy = remover < 0.5 ? 'deleted' : 'moderator';
  const author = isLost && removedBy === 'deleted' ? '[deleted]' : postAuthor(world, post);
  const selftext = !isLost ? written : removedBy === 'deleted' ? '[deleted]' : '[removed]';
  const score = postScore(world, post);
  const permalink = `/r/${subreddit.name}/comments/${id}/${toSlug(title)}/`;
  return {
    id,
    name: `t3_${id}`,
    title,
    author,
    ...(author === '[deleted]' ? {} : { author_fullname: `t2_${toSlug(author).replace(/_/g, '')}` }),
    author_flair_text: null,
    subreddit: subreddit.name,
    subreddit_id: subreddit.about.name,
    subreddit_name_prefixed: `r/${subreddit.name}`,
    subreddit_subscribers: subreddit.subscribers,
    subreddit_type: 'public',
    selftext,
    url: isSelf ? `https://www.reddit.com${permalink}` : `https://${domain}/${toSlug(title)}`,
    domain,
    permalink,
    is_self: isSelf,
    score,
    ups: score,
    downs: 0,
    upvote_ratio: post.upvoteRatio,
    num_comments: world.commentCount(post),
    num_crossposts: 0,
    link_flair_text: flair,
    link_flair_css_class: flair && toSlug(flair),
    over_18: nsfw,
    spoiler,
    locked: false,
    stickied: false,
    archived: false,
    pinned: false,
    hidden: false,
    saved: false,
    quarantine: false,
    is_video: false,
    is_original_content: false,
    distinguished: null,
    edited: isSelf && !isLost && edit < 0.1 && editedAt <= world.now() ? editedAt : false,
    removed_by_category: isLost ? removedBy : null,
    thumbnail: isSelf ? 'self' : 'default',
    gilded: 0,
    total_awards_received: 0,
    created: createdAt,
    created_utc: createdAt,
    likes: null,
    mod_reports: [],
    user_reports: [],
  };
}

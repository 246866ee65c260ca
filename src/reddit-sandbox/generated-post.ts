import type { PostFacts, World } from './generated-world';
import { ROLL } from './generated-world';
import type { PostData } from './reddit-content';
import { pick, rollsOf } from './seeded-random';
import { toSlug, writeAuthor, writeText, writeTitle } from './words';

/** Reserved domain names, so that no made-up link points at a real site. */
const DOMAINS = ['blog.example.com', 'news.example.org', 'code.example.net', 'i.example.com'];

export const postScore = (world: World, post: PostFacts): number =>
  Math.round(1 + (post.finalScore - 1) * world.growth(post));

export function postAuthor(world: World, post: PostFacts): string {
  const rolls = rollsOf(world.dice, ROLL.post, post.subreddit.place, post.index, 1);
  return rolls() < 0.02 ? '[deleted]' : writeAuthor(rolls);
}

/** What its author wrote. The order of the rolls is part of the content: the same seed must give the same post. */
function writePost({ dice }: World, { subreddit, index }: PostFacts) {
  const rolls = rollsOf(dice, ROLL.post, subreddit.place, index, 0);
  const isSelf = rolls() < 0.55;
  const title = writeTitle(subreddit.nouns, rolls);
  const text = isSelf ? writeText(subreddit.nouns, rolls, 5) : '';
  const domain = isSelf ? `self.${subreddit.name}` : pick(DOMAINS, rolls());
  const flair = rolls() < 0.7 ? pick(subreddit.flairs, rolls()) : null;
  const [isNsfw, isSpoiler, edit, remover] = [rolls() < 0.03, rolls() < 0.03, rolls(), rolls()];
  return { isSelf, title, text, domain, flair, isNsfw, isSpoiler, edit, isDeletedByAuthor: remover < 0.5 };
}
type WrittenPost = ReturnType<typeof writePost>;

/** Author and text as they are shown now: a lost post shows whether its author or a moderator took it away. */
function showPost(world: World, post: PostFacts, written: WrittenPost) {
  const isLost = world.now() - post.createdAt > post.lostAfter;
  if (isLost) {
    return written.isDeletedByAuthor
      ? { author: '[deleted]', selftext: '[deleted]', removedBy: 'deleted', edited: false }
      : { author: postAuthor(world, post), selftext: '[removed]', removedBy: 'moderator', edited: false };
  }
  const editedAt = post.createdAt + 120 + Math.floor(written.edit * 40_000);
  const isEdited = written.isSelf && written.edit < 0.1 && editedAt <= world.now();
  const edited = isEdited && editedAt;
  return { author: postAuthor(world, post), selftext: written.text, removedBy: null, edited };
}

const fullnameOf = (author: string) =>
  author === '[deleted]' ? {} : { author_fullname: `t2_${toSlug(author).replace(/_/g, '')}` };

/** A post in the form of Reddit's API, as it is at the world's present moment. */
export function renderPost(world: World, post: PostFacts): PostData {
  const { subreddit, id, createdAt } = post;
  const written = writePost(world, post);
  const { author, selftext, removedBy, edited } = showPost(world, post, written);
  const { isSelf, title, domain, flair } = written;
  const score = postScore(world, post);
  const permalink = `/r/${subreddit.name}/comments/${id}/${toSlug(title)}/`;
  return {
    id,
    name: `t3_${id}`,
    title,
    author,
    ...fullnameOf(author),
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
    over_18: written.isNsfw,
    spoiler: written.isSpoiler,
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
    edited,
    removed_by_category: removedBy,
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

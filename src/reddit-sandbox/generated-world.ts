import type { GeneratedSubreddit } from './generated-subreddits';
import { GENERATED_SUBREDDITS } from './generated-subreddits';
import type { Dice } from './seeded-random';
import { createDice } from './seeded-random';

/** The purpose of a roll. It is part of the roll's input, so that no roll decides two things. */
export const ROLL = {
  time: 1,
  score: 2,
  size: 3,
  pace: 4,
  ratio: 5,
  loss: 6,
  post: 7,
  commentParent: 8,
  commentScore: 9,
  comment: 10,
  chain: 11,
} as const;

const EPOCH_SECONDS = Date.UTC(2015, 0, 1) / 1000;
// An id holds one of 64 subreddits and one of 8,192 comments of a post, and stays an exact number. The base makes ids
// of seven (posts) and nine characters (comments).
const ID_BASE = 36 ** 6;
const SUBREDDIT_ROOM = 64;
const COMMENT_ROOM = 8_192;
const MOST_COMMENTS = 900;

export interface PostFacts {
  subreddit: GeneratedSubreddit;
  /** The number of the post within its subreddit, counted from EPOCH_SECONDS. */
  index: number;
  id: string;
  createdAt: number;
  finalScore: number;
  upvoteRatio: number;
  finalComments: number;
  /** Seconds until about two thirds of the votes and comments have arrived; 0 means all at once. */
  paceSeconds: number;
  /** Age in seconds at which the post is deleted or removed; Infinity for never. */
  lostAfter: number;
}

export interface World {
  dice: Dice;
  /** Unix seconds. */
  now: () => number;
  latestIndex: (subreddit: GeneratedSubreddit) => number;
  postFacts: (subreddit: GeneratedSubreddit, index: number) => PostFacts;
  /** Undefined when no post has this id at the present moment. */
  findPost: (id: string) => PostFacts | undefined;
  findComment: (id: string) => { post: PostFacts; index: number } | undefined;
  commentId: (post: PostFacts, index: number) => string;
  commentCount: (post: PostFacts) => number;
  commentCreatedAt: (post: PostFacts, index: number) => number;
  /** The share of the post's final votes that have arrived, from 0 to 1. */
  growth: (post: PostFacts) => number;
}

/**
 * The arithmetic of content that grows with the clock: everything is a function of seed and time; nothing is stored.
 */
export function createWorld(options: { seed: string; now: () => Date; commentsPerPost?: number }): World {
  const dice = createDice(options.seed);
  const now = () => Math.floor(options.now().getTime() / 1000);
  const createdAt = ({ place, everySeconds }: GeneratedSubreddit, index: number) =>
    EPOCH_SECONDS + Math.floor((index + dice(ROLL.time, place, index) * 0.9) * everySeconds);
  const grown = (ageSeconds: number, paceSeconds: number) =>
    paceSeconds === 0 ? 1 : 1 - Math.exp(-ageSeconds / paceSeconds);

  function postFacts(subreddit: GeneratedSubreddit, index: number): PostFacts {
    const { place } = subreddit;
    const roll = (kind: number) => dice(kind, place, index);
    // A power law: most posts stay small; one in a hundred gets thousands of votes, and comments in proportion.
    const finalScore = Math.min(90_000, Math.floor(3 / (1 - roll(ROLL.score)) ** 1.2) - 3);
    const finalComments =
      options.commentsPerPost ?? Math.min(MOST_COMMENTS, Math.floor(finalScore ** 0.7 * (0.3 + 2 * roll(ROLL.size))));
    return {
      subreddit,
      index,
      id: (ID_BASE + index * SUBREDDIT_ROOM + place).toString(36),
      createdAt: createdAt(subreddit, index),
      finalScore,
      upvoteRatio: Math.round(100 - 50 * roll(ROLL.ratio) ** 3) / 100,
      finalComments,
      paceSeconds: options.commentsPerPost === undefined ? Math.round(3_600 * (1 + 6 * roll(ROLL.pace))) : 0,
      lostAfter: roll(ROLL.loss) < 0.03 ? 1_800 + 50_000 * roll(ROLL.pace) : Infinity,
    };
  }

  const postAt = (number: number): PostFacts | undefined => {
    const subreddit = GENERATED_SUBREDDITS[number % SUBREDDIT_ROOM];
    const index = Math.floor(number / SUBREDDIT_ROOM);
    return subreddit && index >= 0 && createdAt(subreddit, index) <= now() ? postFacts(subreddit, index) : undefined;
  };
  const toNumber = (id: string) => (/^[0-9a-z]{7,9}$/.test(id) ? Number.parseInt(id, 36) : -1);
  const commentCount = (post: PostFacts) =>
    Math.floor(post.finalComments * grown(now() - post.createdAt, post.paceSeconds) + 0.5);

  return {
    dice,
    now,
    postFacts,
    commentCount,
    latestIndex(subreddit) {
      const index = Math.floor((now() - EPOCH_SECONDS) / subreddit.everySeconds);
      return createdAt(subreddit, index) <= now() ? index : index - 1;
    },
    findPost: (id) => postAt(toNumber(id) - ID_BASE),
    findComment(id) {
      const number = toNumber(id);
      const post = postAt(Math.floor(number / COMMENT_ROOM) - ID_BASE);
      const index = number % COMMENT_ROOM;
      return post && index < commentCount(post) ? { post, index } : undefined;
    },
    commentId: (post, index) => (Number.parseInt(post.id, 36) * COMMENT_ROOM + index).toString(36),
    // The inverse of `grown`: comment i appears when the curve passes i + 1/2, so the count grows by whole comments.
    commentCreatedAt: (post, index) =>
      post.createdAt + Math.ceil(post.paceSeconds * -Math.log(1 - (index + 0.5) / post.finalComments)),
    growth: (post) => grown(now() - post.createdAt, post.paceSeconds),
  };
}

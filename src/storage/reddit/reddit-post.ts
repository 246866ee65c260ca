import { BaseModel } from '../sql/base-model';

export class RedditPostRow extends BaseModel {
  static override tableName = 'reddit_posts';

  declare id: string;
  declare title: string;
  declare author: string | null;
  declare subreddit: string;
  declare subredditSubscribers: number | null;
  declare content: string | null;
  declare url: string | null;
  declare domain: string | null;
  declare media: Record<string, unknown> | null;
  declare score: number;
  declare isScoreHidden: boolean;
  declare upvoteRatio: number | null;
  declare numComments: number;
  declare flairText: string | null;
  declare isSelf: boolean;
  declare isNsfw: boolean;
  declare isSpoiler: boolean;
  declare isDeleted: boolean;
  declare isSandbox: boolean;
  /** Null: not found out yet. */
  declare language: string | null;
  declare editedAt: Date | null;
  declare redditCreatedAt: Date;
  declare firstSeenAt: Date;
  /** When a scrape last found it new or changed. */
  declare scrapedAt: Date;
}

import { BaseModel } from '../sql/base-model';

export class RedditCommentRow extends BaseModel {
  static override tableName = 'reddit_comments';

  declare id: string;
  declare postId: string;
  declare author: string | null;
  declare body: string;
  declare subreddit: string;
  declare parentId: string | null;
  declare depth: number;
  declare isSubmitter: boolean;
  declare score: number;
  declare isScoreHidden: boolean;
  declare controversiality: number;
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

import {
  createRedditContentRepository,
  type RedditContentRepository,
} from '../../src/storage/reddit/reddit-content-repository';
import { type TestDatabase, useTestDatabase } from './test-database';
import type { RedditComment, RedditPost } from '../../src/platform/reddit/reddit-client';

/** A post as the Reddit client returns it. */
export const post = (id: string, fields: Partial<RedditPost> = {}): RedditPost => ({
  id,
  title: `title of ${id}`,
  author: 'ann',
  subreddit: 'Funny',
  subredditSubscribers: null,
  content: null,
  url: null,
  domain: null,
  score: 1,
  upvoteRatio: 0.97,
  numComments: 0,
  flairText: null,
  isSelf: false,
  isNsfw: false,
  isSpoiler: false,
  isPinned: false,
  isDeleted: false,
  editedAt: null,
  createdAt: new Date('2026-01-01T00:00:00Z'),
  ...fields,
});
/** A comment as the Reddit client returns it. */
export const comment = (id: string, postId: string, fields: Partial<RedditComment> = {}): RedditComment => ({
  id,
  postId,
  author: 'bob',
  body: `body of ${id}`,
  subreddit: 'Funny',
  parentId: `t3_${postId}`,
  depth: 0,
  isSubmitter: false,
  score: 1,
  controversiality: 0,
  isDeleted: false,
  editedAt: null,
  createdAt: new Date('2026-01-01T00:00:00Z'),
  ...fields,
});
/** A database for all tests of this file, and its repository; `use` is given them. Each test begins without content. */
export function useRedditContent(use: (stack: { db: TestDatabase; content: RedditContentRepository }) => void): void {
  let db: TestDatabase;
  useTestDatabase('file', (created) => {
    db = created;
    use({ db, content: createRedditContentRepository(db.database) });
  });
  beforeEach(() => db.database.raw('truncate reddit_posts cascade'));
}
/** A run that starts now, later than all rows that are stored. */
export const run = () => ({ runStartedAt: new Date(Date.now() + 1), isSandbox: false });
/** A run that starts after all runs before it. */
export const laterRun = async () => {
  await new Promise((resolve) => setTimeout(resolve, 10));
  return run();
};

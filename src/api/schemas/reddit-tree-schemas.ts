import { z } from 'zod';
import { count } from './common-schemas';
import { comment } from './reddit-schemas';
import { limit } from './request-values';

const TREE_SORTS = ['top', 'new', 'old', 'controversial'] as const;
export type TreeSort = (typeof TREE_SORTS)[number];

/** A deeper tree would overflow the stack of a client that reads it by recursion. */
const MAX_LEVELS = 1_000;

export const treeQuery = z.object({
  sort: z.enum(TREE_SORTS).default('top'),
  depth: limit(MAX_LEVELS, 10).describe('Levels shown: 1 for the answers to the post alone'),
  limit: limit(500, 50).describe('Replies shown of each comment, and of the post'),
});
export type TreeQuery = z.infer<typeof treeQuery>;

export const treeNode = comment
  .extend({
    is_orphan: z.boolean().describe('The comment it answers is not stored; it stands among the answers to the post'),
    more_count: count.describe(
      'Stored comments that are not shown, and that this one is the nearest shown comment above: its replies ' +
        'beyond `limit`, or at the last level all of them, each with everything below it. Deleted ones count',
    ),
    get replies(): z.ZodArray<typeof treeNode> {
      return z.array(treeNode);
    },
  })
  .meta({ id: 'RedditCommentNode' });
export type TreeNode = z.infer<typeof comment> & { is_orphan: boolean; more_count: number; replies: TreeNode[] };

export const commentTree = z
  .object({
    post_id: z.string(),
    sort: z.enum(TREE_SORTS),
    shown: count.describe('Comments in this answer'),
    more_count: count.describe(
      'Of the answers to the post those beyond `limit`, each with everything below it. What is left out ' +
        'further down is counted where it hangs: `shown`, this and every more_count of the tree together are ' +
        'all comments stored, or 5,000 of them where `truncated`',
    ),
    truncated: z
      .boolean()
      .describe(
        'More than 5,000 comments are stored: these are the ones nearest to the post, the best of a level ' +
          'first, and counts leave the others out',
      ),
    comments: z
      .array(treeNode)
      .describe('Deleted comments are among them, without text and author: their replies hang on them'),
  })
  .meta({ id: 'RedditCommentTree' });
export type CommentTreeBody = Omit<z.infer<typeof commentTree>, 'comments'> & { comments: TreeNode[] };

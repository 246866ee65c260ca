import { decodeCursor, encodeCursor, pageOf } from '../sql/page-cursor';
import { BadCursorError } from '../storage-errors';
import type { Database } from '../../platform/postgres/postgres';

export interface PostSnapshot {
  takenAt: Date;
  score: number;
  upvoteRatio: number | null;
  numComments: number;
}

const LAST_INSTANT_MICROSECONDS = 253_402_300_799_000_000;

const COLUMNS = `
  taken_at as "takenAt", score, upvote_ratio as "upvoteRatio", num_comments as "numComments",
  cast(cast(extract(epoch from taken_at) * 1000000 as int8) as text) as key`;

/** The snapshots of a post, oldest first. The cursor counts microseconds, which a Date would cut off. */
export async function listSnapshots(
  database: Database,
  query: { postId: string; from?: Date; to?: Date; limit: number; cursor?: string },
): Promise<{ items: PostSnapshot[]; nextCursor: string | null }> {
  const found = database('reddit_post_snapshots').where({ post_id: query.postId });
  if (query.from) found.where('taken_at', '>=', query.from);
  if (query.to) found.where('taken_at', '<', query.to);
  if (query.cursor !== undefined) {
    const [, after = ''] = decodeCursor(/^h:(\d{1,18})$/, query.cursor);
    if (Number(after) > LAST_INSTANT_MICROSECONDS) throw new BadCursorError(query.cursor);
    found.whereRaw("taken_at > timestamptz 'epoch' + cast(? as int8) * interval '1 microsecond'", [after]);
  }
  const rows = await found
    .orderBy('taken_at')
    .limit(query.limit + 1)
    .select<(PostSnapshot & { key: string })[]>(database.raw(COLUMNS));
  return pageOf(rows, query.limit, (last) => encodeCursor(`h:${last.key}`));
}

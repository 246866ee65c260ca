import Snoowrap from 'snoowrap';
import { createDatabase } from '../src/platform/postgres/postgres';

/**
 * A scrape without Taskloom: snoowrap's own expandReplies for each post, then an insert for each comment. It runs until
 * it is done or its time limit has passed, and reports its progress to the parent.
 */
const [sandboxUrl = '', subreddit = '', posts = '10', timeLimitMs = '60000'] = process.argv.slice(2);

interface LoopComment {
  id: string;
  link_id: string;
  body: string;
  score: number;
  parent_id: string;
  depth: number;
  created_utc: number;
  author: { name: string } | null;
  replies: LoopComment[];
}

class LocalSnoowrap extends Snoowrap {
  /** Sends requests to the sandbox: snoowrap itself always uses Reddit's own address. */
  override rawRequest(options: { baseUrl: string }): ReturnType<Snoowrap['rawRequest']> {
    return super.rawRequest({ ...options, baseUrl: sandboxUrl, proxy: null } as Parameters<Snoowrap['rawRequest']>[0]);
  }
}

const flatten = (comments: LoopComment[]): LoopComment[] =>
  comments.flatMap((comment) => [comment, ...flatten([...comment.replies])]);

async function main(): Promise<void> {
  const database = createDatabase({
    url: process.env['DATABASE_URL'] ?? '',
    poolSize: 1,
    applicationName: 'taskloom-bench-loop',
  });
  const answer = await fetch(`${sandboxUrl}/api/v1/access_token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
    headers: { authorization: `Basic ${Buffer.from('loop:loop').toString('base64')}` },
  });
  const { access_token: accessToken } = (await answer.json()) as { access_token: string };
  const reddit = new LocalSnoowrap({ userAgent: 'linux:taskloom-bench:1 (by /u/bench)', accessToken });
  reddit.config({ warnings: false, requestDelay: 0 });

  const startedAt = performance.now();
  const isTimeUp = () => performance.now() - startedAt > Number(timeLimitMs);
  let comments = 0;
  // snoowrap returns promises of Bluebird, without the types of native ones.
  const asPromise = <Value>(pending: PromiseLike<unknown>) =>
    new Promise<Value>((resolve, reject) => void pending.then((value) => resolve(value as Value), reject));
  const listing = await asPromise<
    {
      id: string;
      title: string;
      subreddit: { display_name: string };
      created_utc: number;
      expandReplies(options: object): PromiseLike<unknown>;
    }[]
  >(reddit.getNew(subreddit, { limit: Number(posts) }));
  for (const post of listing) {
    if (isTimeUp()) break;
    await database('reddit_posts')
      .insert({
        id: post.id,
        title: post.title,
        subreddit: post.subreddit.display_name,
        reddit_created_at: new Date(post.created_utc * 1_000),
      })
      .onConflict('id')
      .ignore();
    const full = await asPromise<{ comments: LoopComment[] }>(post.expandReplies({ limit: Infinity, depth: Infinity }));
    for (const comment of flatten([...full.comments])) {
      await database('reddit_comments')
        .insert({
          id: comment.id,
          post_id: post.id,
          body: comment.body,
          subreddit: post.subreddit.display_name,
          parent_id: comment.parent_id,
          author: comment.author?.name,
          score: comment.score,
          depth: comment.depth,
          reddit_created_at: new Date(comment.created_utc * 1_000),
        })
        .onConflict('id')
        .ignore();
      comments += 1;
    }
  }
  const elapsedMs = performance.now() - startedAt;
  await database.destroy();
  process.send?.({ comments, elapsedMs, isWhole: !isTimeUp(), peakBytes: process.resourceUsage().maxRSS * 1_024 });
}

main().then(
  () => process.disconnect(),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);

import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import Table from 'cli-table3';
import { createRedditContentRepository } from '../src/storage/reddit/reddit-content-repository';
import type { RedditComment } from '../src/platform/reddit/reddit-client';
import { startBenchStack, type BenchStack } from './bench-stack';
import { until } from './figures';
import { memoryOf } from './process-memory';

/**
 * `npm run bench:scrape -- [posts] [comments a post]`: a scrape from the request to its finished row, against a sandbox
 * without a rate limit, beside a loop over snoowrap's own expandReplies that inserts row by row.
 */
const POSTS = Number(process.argv[2] ?? 40);
const COMMENTS = Number(process.argv[3] ?? 700);
const SUBREDDIT = 'programming';
const SANDBOX_PORT = 18_125;
const SANDBOX_URL = `http://127.0.0.1:${SANDBOX_PORT}`;
/** The loop stops after this time; its rate is computed from what it has done by then. */
const LOOP_LIMIT_MS = 60_000;
const ROWS_A_BATCH = 500;
const BATCHES = 20;

interface Measured {
  comments: number;
  elapsedMs: number;
  requests: number;
  peakBytes: number | null;
}

async function requestsSent(): Promise<number> {
  const status = (await (await fetch(`${SANDBOX_URL}/_sandbox/status`)).json()) as { requests: { total: number } };
  return status.requests.total;
}

const countComments = async (stack: BenchStack) =>
  Number((await stack.database('reddit_comments').count())[0]?.['count'] ?? 0);
const clear = (stack: BenchStack) => stack.database.raw('truncate reddit_posts cascade');

async function scrapeWithTaskloom(stack: BenchStack): Promise<Measured> {
  const worker = await stack.startProcess('src/worker/main.js', {
    REDDIT_CLIENT_ID: 'bench',
    REDDIT_CLIENT_SECRET: 'bench',
    REDDIT_REQUESTS_PER_MINUTE: '10000000',
    REDDIT_OAUTH_BASE_URL: SANDBOX_URL,
    REDDIT_WWW_BASE_URL: SANDBOX_URL,
    REDDIT_IS_SANDBOX: 'true',
  });
  const before = await requestsSent();
  const startedAt = performance.now();
  const response = await fetch(`${stack.apiUrl}/tasks/execute/by-type/REDDIT_SCRAPE`, {
    method: 'POST',
    headers: { authorization: `Bearer ${stack.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      task_params: {
        subreddits: [SUBREDDIT],
        sort: 'new',
        posts_limit: POSTS,
        comments_limit: 10_000,
        expand_more: 1_000,
      },
    }),
  });
  if (!response.ok) throw new Error(`REDDIT_SCRAPE: ${response.status} ${await response.text()}`);
  const { task_id } = (await response.json()) as { task_id: string };
  const ended = () =>
    stack
      .database('task_executions')
      .where({ task_id })
      .whereNot('status', 'running')
      .select<{ status: string; error_message: string | null }[]>('status', 'error_message');
  await until(async () => (await ended()).length > 0, 10);
  const elapsedMs = performance.now() - startedAt;
  const [row] = await ended();
  if (row?.status !== 'succeeded') throw new Error(`The scrape ended as ${row?.status}: ${row?.error_message}`);
  const measured = {
    comments: await countComments(stack),
    elapsedMs,
    requests: (await requestsSent()) - before,
    peakBytes: memoryOf(worker.pid)?.peak ?? null,
  };
  await stack.stopProcess(worker);
  return measured;
}

async function scrapeWithLoop(stack: BenchStack): Promise<Measured & { isWhole: boolean }> {
  const before = await requestsSent();
  const child = fork(
    path.join(__dirname, 'snoowrap-loop.js'),
    [SANDBOX_URL, SUBREDDIT, String(POSTS), String(LOOP_LIMIT_MS)],
    { env: { ...process.env, DATABASE_URL: stack.postgresUrl } },
  );
  const failed = once(child, 'exit').then(([code]) => Promise.reject(new Error(`The loop ended with ${code}`)));
  const [measured] = (await Promise.race([once(child, 'message'), failed])) as [
    Omit<Measured, 'requests'> & { isWhole: boolean },
  ];
  failed.catch(() => undefined);
  return { ...measured, requests: (await requestsSent()) - before };
}

/** Rows that PostgreSQL stores a second: first as new rows, then the same rows again. */
async function measureRows(stack: BenchStack): Promise<{ created: number; unchanged: number }> {
  const content = createRedditContentRepository(stack.database);
  const createdAt = new Date('2026-01-01T00:00:00Z');
  await stack
    .database('reddit_posts')
    .insert({ id: 'rows', title: 'rows', subreddit: 'bench', reddit_created_at: createdAt })
    .onConflict('id')
    .ignore();
  const batches = Array.from({ length: BATCHES }, (_, batch) =>
    Array.from({ length: ROWS_A_BATCH }, (__, n): RedditComment => ({
      id: `row${batch}x${n}`,
      postId: 'rows',
      author: 'somebody',
      body: `The quick brown fox jumps over the lazy dog for the ${n}th time in batch ${batch}.`,
      subreddit: 'bench',
      parentId: 't3_rows',
      depth: 0,
      isSubmitter: false,
      score: n,
      controversiality: 0,
      isDeleted: false,
      editedAt: null,
      createdAt,
    })),
  );
  const pass = async () => {
    const startedAt = performance.now();
    for (const batch of batches) await content.upsertComments(batch, { runStartedAt: new Date(), isSandbox: true });
    return (BATCHES * ROWS_A_BATCH * 1_000) / (performance.now() - startedAt);
  };
  return { created: await pass(), unchanged: await pass() };
}

const perSecond = ({ comments, elapsedMs }: Measured) => (comments * 1_000) / elapsedMs;
const perThousand = ({ comments, requests }: Measured) => (requests * 1_000) / comments;

async function main(): Promise<void> {
  const stack = await startBenchStack({ apiPort: 18_124 });
  try {
    await stack.startProcess('bench/scrape-sandbox.js', {
      SANDBOX_PORT: String(SANDBOX_PORT),
      BENCH_POSTS: String(POSTS),
      BENCH_COMMENTS: String(COMMENTS),
    });
    const loop = await scrapeWithLoop(stack);
    await clear(stack);
    const ours = await scrapeWithTaskloom(stack);
    await clear(stack);
    const rows = await measureRows(stack);
    const table = new Table({
      style: { head: [], border: [] },
      head: ['what', 'comments', 'comments/s', 'requests per 1,000', 'peak memory MB'],
    });
    const row = (what: string, measured: Measured) =>
      table.push([
        what,
        measured.comments,
        perSecond(measured).toFixed(0),
        perThousand(measured).toFixed(1),
        measured.peakBytes === null ? 'unknown' : (measured.peakBytes / 1e6).toFixed(0),
      ]);
    row(
      `snoowrap's expandReplies, row by row${loop.isWhole ? '' : `, cut off after ${LOOP_LIMIT_MS / 1_000} s`}`,
      loop,
    );
    row('Taskloom, from request to finished row', ours);
    console.log(
      `${POSTS} posts of ${COMMENTS} comments each, everything unfolded; ` +
        'a sandbox without rate limit on the same machine.',
    );
    console.log(table.toString());
    console.log(
      `Taskloom beside the loop: ${(perSecond(ours) / perSecond(loop)).toFixed(1)} times the comments a second, ` +
        `${(perThousand(ours) / perThousand(loop)).toFixed(2)} of the requests.`,
    );
    console.log(
      `Rows into PostgreSQL, ${ROWS_A_BATCH} a statement: ` +
        `${rows.created.toFixed(0)}/s new, ${rows.unchanged.toFixed(0)}/s unchanged.`,
    );
  } finally {
    await stack.stop();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

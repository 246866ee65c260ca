import { createRedditSandbox } from '../src/reddit-sandbox/sandbox-server';

/** The Reddit sandbox as a process, without a rate limit and with constant content. */
async function main(): Promise<void> {
  const sandbox = createRedditSandbox({
    seed: 'bench',
    now: () => new Date('2026-05-01T12:00:00Z'),
    scale: { posts: Number(process.env['BENCH_POSTS']), commentsPerPost: Number(process.env['BENCH_COMMENTS']) },
    // The limit is large too, because clients obey the remaining number in the headers.
    rateLimit: { throttle: false, requests: 1_000_000_000 },
  });
  await sandbox.listen({ port: Number(process.env['SANDBOX_PORT']) });
  process.once('SIGTERM', () => void sandbox.close().then(() => process.exit(0)));
  process.send?.('ready');
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

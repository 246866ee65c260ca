import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startEmbeddedRedis } from '../src/stack/servers/embedded-redis';
import { measureFleet } from './reddit-fleet';

/**
 * `npm run bench:budget -- [REQUESTS] [WINDOW_SECONDS] [WINDOWS] [LATENCY_MS]`: how much of Reddit's budget three
 * processes use.
 */
async function main(): Promise<void> {
  const [requests = 100, windowSeconds = 60, windows = 1, latencyMs = 0] = process.argv.slice(2).map(Number);
  const folder = mkdtempSync(path.join(os.tmpdir(), 'taskloom-budget-'));
  const redis = await startEmbeddedRedis({ folder, logFile: path.join(folder, 'redis.log'), password: 'of-the-bench' });
  try {
    if (!redis.program) throw new Error('no redis-server on PATH: several processes cannot share a budget without one');
    const { counts, refused, used, processes } = await measureFleet({
      redisUrl: redis.url,
      processes: 3,
      callers: 20,
      requests,
      windowSeconds,
      windows,
      latencyMs,
    });
    console.log(`three processes, ${requests} requests in ${windowSeconds} s, answers after ${latencyMs} ms`);
    console.log(
      `answered in each window: ${counts.join(', ')} (${(100 * used).toFixed(1)} % of the budget); refused with 429: ${refused}`,
    );
    console.log(
      `sent by each process: ${processes.map(({ sent }) => sent).join(', ')}; callers sent away to come back: ${processes.map(({ sentAway }) => sentAway).join(', ')}`,
    );
  } finally {
    await redis.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

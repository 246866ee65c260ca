import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createDatabase, migrate } from '../src/platform/postgres/postgres';
import { startEmbeddedPostgres } from '../src/stack/servers/embedded-postgres';
import { findRedisProgram, startEmbeddedRedis, type EmbeddedRedis } from '../src/stack/servers/embedded-redis';
import { measureFleet } from './reddit-fleet';

type Store = Pick<EmbeddedRedis, 'url' | 'stop'>;

async function startPostgresStore(folder: string): Promise<Store> {
  const postgres = await startEmbeddedPostgres({
    folder,
    logFile: path.join(folder, 'postgres.log'),
    password: 'of-the-bench',
  });
  const database = createDatabase({ url: postgres.url, poolSize: 1, applicationName: 'taskloom-bench' });
  await migrate(database).finally(() => database.destroy());
  return postgres;
}

/**
 * `npm run bench:budget -- [REQUESTS] [WINDOW_SECONDS] [WINDOWS] [LATENCY_MS] [PROCESSES] [redis|postgres]`: the share
 * of Reddit's budget that several processes use. The store is Redis by default, or PostgreSQL without Redis.
 */
async function main(): Promise<void> {
  const [requests = 100, windowSeconds = 60, windows = 1, latencyMs = 0, fleet = 3] = process.argv
    .slice(2, 7)
    .map(Number);
  const [kind = findRedisProgram() ? 'redis' : 'postgres'] = process.argv.slice(7);
  const folder = mkdtempSync(path.join(os.tmpdir(), 'taskloom-budget-'));
  // Under root, PostgreSQL runs as another user, who must be able to enter the folder.
  chmodSync(folder, 0o711);
  const store: Store =
    kind === 'redis'
      ? await startEmbeddedRedis({ folder, logFile: path.join(folder, 'redis.log'), password: 'of-the-bench' })
      : await startPostgresStore(folder);
  try {
    const { counts, refused, used, processes } = await measureFleet({
      storeUrl: store.url,
      processes: fleet,
      callers: 20,
      requests,
      windowSeconds,
      windows,
      latencyMs,
    });
    console.log(
      `${kind}: ${fleet} processes, ${requests} requests in ${windowSeconds} s, answers after ${latencyMs} ms`,
    );
    console.log(
      `answered in each window: ${counts.join(', ')} (${(100 * used).toFixed(1)} % of the budget); ` +
        `refused with 429: ${refused}`,
    );
    console.log(
      `sent by each process: ${processes.map(({ sent }) => sent).join(', ')}; ` +
        `callers sent away to come back: ${processes.map(({ sentAway }) => sentAway).join(', ')}`,
    );
  } finally {
    await store.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

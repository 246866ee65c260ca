import {
  createRedditContentRepository,
  type RedditContentRepository,
} from '../../src/storage/reddit/reddit-content-repository';
import { createRedditScrapeRepository } from '../../src/storage/reddit/reddit-scrape-repository';
import { insertExecution } from './api-support';
import { runLanes, type LaneRun } from './scrape-lanes';
import { startWorld } from './scrape-stack';
import { type TestDatabase, useTestDatabase } from './test-database';
import type { RedditClient } from '../../src/platform/reddit/reddit-client';
import type { RedditSandbox, RedditSandboxOptions } from '../../src/reddit-sandbox/sandbox-server';
import type { ScrapeMemory } from '../../src/tasks/ports/scrape-memory';

/**
 * Runs attempts of a scrape without Temporal. Registers the hooks that create the database, start a new run before each
 * test, and close the sandbox that `connect` opened.
 */
export function createScrapeBench() {
  let db: TestDatabase;
  let content: RedditContentRepository;
  let scrapes: ScrapeMemory;
  let sandbox: RedditSandbox | undefined;
  let executionId = 0;
  /** Begins another run, which knows nothing of what the one before had listed. */
  const nextRun = async () => {
    executionId = await insertExecution(db.database, { status: 'running' });
  };
  const clearContent = () => db.database.raw('truncate reddit_posts cascade');
  useTestDatabase('file', (created) => {
    db = created;
    content = createRedditContentRepository(db.database);
    scrapes = createRedditScrapeRepository(db.database);
  });
  beforeEach(async () => {
    await clearContent();
    await nextRun();
  });
  afterEach(async () => {
    await sandbox?.close();
    sandbox = undefined;
  });

  return {
    get database() {
      return db.database;
    },
    get content() {
      return content;
    },
    get sandbox() {
      return sandbox!;
    },
    connect: async (options: RedditSandboxOptions): Promise<RedditClient> => {
      const world = await startWorld(options);
      sandbox = world.sandbox;
      return world.reddit;
    },
    /** One attempt. Its `states()` are those that the next attempt goes on from. */
    attempt: (reddit: RedditClient, parameters: object, given: Partial<Omit<LaneRun, 'executionId'>> = {}) =>
      runLanes({ reddit, content, scrapes }, parameters, { executionId, startedAt: new Date(), ...given }),
    nextRun,
    clearContent,
    /** Closes the sandbox, and forgets all content and the run. */
    startOver: async () => {
      await sandbox?.close();
      await clearContent();
      await nextRun();
    },
    /** What is remembered of the threads that were read. */
    threads: async () => db.database('reddit_threads').select<{ is_complete: boolean }[]>(),
    /** All rows of a table, with the transaction that wrote each of them last. */
    rowsOf: async (table: string) =>
      (await db.database.raw<{ rows: Record<string, unknown>[] }>(`select xmin::text, t.* from ${table} t order by id`))
        .rows,
  };
}

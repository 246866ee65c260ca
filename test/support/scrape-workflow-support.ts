import { randomUUID } from 'node:crypto';
import { createRedditContentRepository } from '../../src/storage/reddit/reddit-content-repository';
import { createRedditScrapeRepository } from '../../src/storage/reddit/reddit-scrape-repository';
import { startWorld, type ScrapedWorld } from './scrape-stack';
import { startTestWorker, type TestWorker } from './task-worker';
import { createTestDatabase, type TestDatabase } from './test-database';
import type { ScrapeLimits } from '../../src/activities/scrape-limits';
import type { RedditClient } from '../../src/platform/reddit/reddit-client';
import type * as workflows from '../../src/workflows';

const NOW = new Date('2026-05-01T12:00:00Z');

/** Parameters that read every post and comment of the sandbox: 12 posts a subreddit, 30 comments a post. */
export const EVERYTHING = { sort: 'new', posts_limit: 12, comments_limit: 10_000, expand_more: 100 };

/**
 * Runs scrapes as workflows against a sandbox. Registers the hooks that create sandbox and database, empty the database
 * before each test, and stop the workers after it.
 */
export function createScrapeWorkflowBench() {
  let db: TestDatabase;
  let world: ScrapedWorld;
  const workers: TestWorker[] = [];

  beforeAll(async () => {
    db = await createTestDatabase();
    world = await startWorld({ seed: 'workflow', now: () => NOW, scale: { posts: 12, commentsPerPost: 30 } });
  });
  beforeEach(async () => {
    await db.database.raw('truncate reddit_posts, task_executions cascade');
    world.sandbox.setFaults({ latencyMs: 0, errorEvery: 0, rateLimitEvery: 0 });
    world.sandbox.reset();
  });
  afterEach(async () => {
    for (const worker of workers.splice(0)) await worker.stop();
  });
  afterAll(async () => {
    await world?.sandbox.close();
    await db?.drop();
  });

  async function startWorker(
    limits: Partial<ScrapeLimits> = {},
    reddit: RedditClient = world.reddit,
    taskQueue?: string,
  ): Promise<TestWorker> {
    const services = {
      reddit,
      content: createRedditContentRepository(db.database),
      scrapes: createRedditScrapeRepository(db.database),
    };
    const worker = await startTestWorker({ database: db.database, services, scrapeLimits: limits, taskQueue });
    workers.push(worker);
    return worker;
  }
  /** Stops a worker before the end of its test. */
  async function stopWorker(worker: TestWorker) {
    workers.splice(workers.indexOf(worker), 1);
    await worker.stop();
  }
  async function start(
    worker: TestWorker,
    parameters: object,
    plan: { maxRetries?: number; timeoutSeconds?: number } = {},
  ) {
    const workflowId = `scrape-${randomUUID()}`;
    return worker.temporal.client.workflow.start<typeof workflows.runTask>('runTask', {
      workflowId,
      taskQueue: worker.taskQueue,
      memo: { configName: 'a scrape' },
      args: [
        { configId: null, taskType: 'REDDIT_SCRAPE', parameters: { ...parameters }, triggeredBy: 'by_type', ...plan },
      ],
    });
  }
  const rowOf = async (workflowId: string) =>
    (await db.database('task_executions').where({ workflow_id: workflowId }))[0];
  const attemptsOf = async (executionId: number) =>
    db.database('task_attempts').where({ execution_id: executionId }).orderBy('attempt');
  const countOf = async (table: string) => Number((await db.database(table).count())[0]?.['count']);

  return {
    get db() {
      return db;
    },
    get world() {
      return world;
    },
    startWorker,
    stopWorker,
    start,
    rowOf,
    attemptsOf,
    countOf,
  };
}

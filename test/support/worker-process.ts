import { startProcess, type TestProcess } from './process';
import { testServices } from './test-services';
import type { TestDatabase } from './test-database';

/** Starts the built worker in its own process, which a test can kill, against the test's own Reddit. */
export function startWorkerProcess({
  db,
  namespace,
  taskQueue,
  redditUrl,
  more,
}: {
  db: TestDatabase;
  namespace: string;
  taskQueue: string;
  redditUrl: string;
  more?: Record<string, string>;
}): Promise<TestProcess> {
  return startProcess('worker/main.js', {
    DATABASE_URL: db.url,
    REDIS_URL: testServices().storeUrl,
    TEMPORAL_ADDRESS: testServices().temporalAddress,
    TEMPORAL_NAMESPACE: namespace,
    TEMPORAL_TASK_QUEUE: taskQueue,
    // The budget is kept by client id in a store that all tests share, so the id is unique to this worker.
    REDDIT_CLIENT_ID: taskQueue,
    REDDIT_REQUESTS_PER_MINUTE: '10000000',
    REDDIT_OAUTH_BASE_URL: redditUrl,
    REDDIT_WWW_BASE_URL: redditUrl,
    REDDIT_IS_SANDBOX: 'true',
    WORKER_SHUTDOWN_GRACE_SECONDS: '2',
    ...more,
  });
}

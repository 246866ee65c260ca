import { randomUUID } from 'node:crypto';
import { createManualConfig } from './manual-configs';
import { startProcess, waitFor, type TestProcess } from './process';
import { connectTestTemporal } from './task-worker';
import { testServices } from './test-services';
import { type TestDatabase, useTestDatabase } from './test-database';
import type { NewTaskConfig } from '../../src/storage/configs/task-config-repository';
import type { TemporalConnection } from '../../src/platform/temporal';
import type * as workflows from '../../src/workflows';
import type { MailServer } from './mail-server';

/** Nothing listens there. */
const NO_REDDIT = 'http://127.0.0.1:9';

interface WorkerOptions {
  db: TestDatabase;
  namespace: string;
  taskQueue: string;
  /** The test's own Reddit, if its tasks ask any. */
  redditUrl?: string;
  more?: Record<string, string>;
}

const workerEnvironment = ({ db, namespace, taskQueue, redditUrl = NO_REDDIT, more }: WorkerOptions) => ({
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

/** Variables of a worker that sends its mails to this server. */
export const mailVariables = ({ port }: MailServer) => ({
  SMTP_HOST: '127.0.0.1',
  SMTP_PORT: String(port),
  SMTP_USE_TLS: 'false',
  SMTP_FROM: 'tasks@example.org',
});

/**
 * Returns a function that starts the built worker in its own process, which a test can kill. Registers the hook that
 * kills what a test has left.
 */
export function useWorkerProcesses(): (options: WorkerOptions) => Promise<TestProcess> {
  const workers: TestProcess[] = [];
  afterEach(async () => {
    for (const worker of workers.splice(0)) await worker.kill();
  });
  return async (options) => {
    const worker = await startProcess('worker/main.js', workerEnvironment(options));
    workers.push(worker);
    return worker;
  };
}

/**
 * Runs of stored configs by worker processes, on a database for all tests of this file and a task queue for each test.
 * `more` adds variables to every worker.
 */
export function createProcessBench({
  connect = connectTestTemporal,
  more = {},
}: { connect?: () => Promise<TemporalConnection>; more?: Record<string, string> } = {}) {
  let db: TestDatabase;
  let temporal: TemporalConnection;
  let taskQueue: string;
  const startProcessOf = useWorkerProcesses();
  afterAll(() => temporal?.close());
  useTestDatabase('file', (created) => (db = created));
  beforeAll(async () => void (temporal = await connect()));
  beforeEach(() => void (taskQueue = `workers-${randomUUID()}`));

  const options = (redditUrl?: string) => ({ db, namespace: temporal.namespace, taskQueue, redditUrl, more });
  const createConfig = (config: Pick<NewTaskConfig, 'taskType'> & Partial<NewTaskConfig>) =>
    createManualConfig(db.database, { name: config.taskType, ...config });
  const startRun = (configId: number) =>
    temporal.client.workflow.start<typeof workflows.runTask>('runTask', {
      workflowId: `run-${randomUUID()}`,
      taskQueue,
      args: [{ configId, triggeredBy: 'manual' }],
    });
  const rowOf = async (workflowId: string) =>
    (await db.database('task_executions').where({ workflow_id: workflowId }))[0];

  return {
    get db() {
      return db;
    },
    get temporal() {
      return temporal;
    },
    get taskQueue() {
      return taskQueue;
    },
    /** The environment of a worker of this test. */
    env: () => workerEnvironment(options()),
    startWorker: ({ redditUrl }: { redditUrl?: string } = {}) => startProcessOf(options(redditUrl)),
    createConfig,
    startRun,
    /** Creates a config and starts a run of it. */
    startConfig: async (config: Parameters<typeof createConfig>[0]) => startRun((await createConfig(config)).id),
    rowOf,
    attemptsOf: async (executionId: number) =>
      db.database('task_attempts').where({ execution_id: executionId }).orderBy('attempt'),
    ended: (workflowId: string) =>
      waitFor(async () => {
        const row = await rowOf(workflowId);
        return row && row.status !== 'running' && row;
      }),
  };
}

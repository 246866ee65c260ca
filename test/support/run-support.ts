import { randomUUID } from 'node:crypto';
import { createManualConfig } from './manual-configs';
import { createTestApi, insertConfig, type TestApi } from './api-support';
import { waitFor } from './process';
import { recordHistory } from './record-history';
import { signatures } from './run-signatures';
import { startTestWorker, type TestWorker } from './task-worker';
import { createTestDatabase, type TestDatabase } from './test-database';
import type { WorkflowStartOptions } from '@temporalio/client';
import type { RunRequest } from '../../src/workflows';
import type * as workflows from '../../src/workflows';

type StartOptions = Pick<WorkflowStartOptions, 'memo' | 'typedSearchAttributes'>;

/** A database and a worker for all tests of this file, which start workflows directly. */
export function useTestWorker() {
  let db: TestDatabase | undefined;
  let worker: TestWorker | undefined;
  const started: string[] = [];
  beforeAll(async () => {
    db = await createTestDatabase();
    worker = await startTestWorker({ database: db.database });
  });
  afterEach(async () => {
    const ids = started.splice(0);
    if (!process.env['RECORD_HISTORIES']) return;
    for (const [index, id] of ids.entries())
      await recordHistory(`${expect.getState().currentTestName}-${index + 1}`, id);
  });
  afterAll(async () => {
    await worker?.stop();
    await db?.drop();
  });
  const database = () => db!.database;
  const client = () => worker!.temporal.client.workflow;

  return {
    database,
    client,
    schedules: () => worker!.temporal.client.schedule,
    taskQueue: () => worker!.taskQueue,
    createConfig: (overrides: {
      taskType: string;
      name?: string;
      parameters?: Record<string, unknown>;
      maxRetries?: number;
      timeoutSeconds?: number | null;
      priority?: number;
    }) => createManualConfig(database(), overrides),
    /** As the API starts it. */
    startTask: (request: Partial<RunRequest> & { configId: number | null }, options: StartOptions = {}) => {
      const workflowId = `test-${randomUUID()}`;
      started.push(workflowId);
      return client().start<typeof workflows.runTask>('runTask', {
        ...options,
        workflowId,
        taskQueue: worker!.taskQueue,
        args: [signatures.sign<RunRequest>(workflowId, { triggeredBy: 'manual', ...request })],
      });
    },
    /** As somebody starts it in Temporal: with any input, and without the API's signature. */
    startInTemporal: (
      type: keyof typeof workflows,
      args: unknown[],
      options: StartOptions & { workflowId?: string } = {},
    ) =>
      client().start(type, {
        workflowId: `test-${randomUUID()}`,
        ...options,
        taskQueue: worker!.taskQueue,
        args: args as never,
      }),
    startBatch: (configIds: number[], requestedBy?: number) => {
      const workflowId = `batch-${randomUUID()}`;
      started.push(workflowId);
      return client().start<typeof workflows.runBatch>('runBatch', {
        workflowId,
        taskQueue: worker!.taskQueue,
        args: [signatures.sign(workflowId, { configIds, requestedBy })],
      });
    },
    executionOf: async (workflowId: string) =>
      (await database()('task_executions').where({ workflow_id: workflowId }))[0],
    attemptsOf: async (executionId: number) =>
      database()('task_attempts').where({ execution_id: executionId }).orderBy('attempt'),
  };
}

export interface RunApi {
  db: TestDatabase;
  worker: TestWorker;
  api: TestApi;
  /** Starts runs that no worker ever takes. */
  idle: TestApi;
}

/** An API and a worker for all tests of this file, which start runs by requests; `use` is given them. */
export function useRunApi(use: (stack: RunApi) => void) {
  let stack: Partial<RunApi> = {};
  beforeAll(async () => {
    const db = await createTestDatabase();
    stack = { db };
    const worker = await startTestWorker({ database: db.database });
    stack = { db, worker };
    const { temporal, taskQueue } = worker;
    const api = await createTestApi({ database: db.database, temporal, taskQueue });
    stack = { db, worker, api };
    const idle = await createTestApi({ database: db.database, temporal, taskQueue: `idle-${randomUUID()}` });
    stack = { db, worker, api, idle };
    use({ db, worker, api, idle });
  });
  afterAll(async () => {
    await stack.api?.close();
    await stack.idle?.close();
    await stack.worker?.stop();
    await stack.db?.drop();
  });

  const statusOf = async (taskId: string) => {
    const { status, body } = await stack.api!.root('GET', `/tasks/executions/${taskId}`);
    return status === 200 ? body : undefined;
  };
  return {
    /** The execution as the API answers it; undefined until it has a row. */
    statusOf,
    ended: (taskId: string) =>
      waitFor(async () => {
        const execution = await statusOf(taskId);
        return execution && execution.status !== 'running' && execution;
      }),
    running: (taskId: string) =>
      waitFor(async () => {
        const execution = await statusOf(taskId);
        return execution?.status === 'running' && execution.attempts.length > 0 && execution;
      }),
    /** The id of a config whose runs take so many seconds. */
    createSleeper: (seconds: number, columns: object = {}) =>
      insertConfig(stack.db!.database, {
        name: 'sleeper',
        task_type: 'TEST_TIMEOUT',
        parameters: { sleep_seconds: seconds },
        ...columns,
      }),
    describeWorkflow: (workflowId: string) => stack.worker!.temporal.client.workflow.getHandle(workflowId).describe(),
  };
}

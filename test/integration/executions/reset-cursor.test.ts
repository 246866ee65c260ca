import { randomUUID } from 'node:crypto';
import { createOperator } from '../../support/operators';
import { waitFor } from '../../support/process';
import { startTestWorker, type TestWorker } from '../../support/task-worker';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';
import type { OverdueReport } from '../../../src/tasks/ports/run-monitor';

const OVERDUE = { taskId: 'a', configId: null, configName: null, taskType: 'X', runningSeconds: 9, usualSeconds: 1 };

let db: TestDatabase;
let worker: TestWorker;
/** The monitor finds each of these once; its cursor keeps what it has found. */
const found: number[] = [];
beforeAll(async () => {
  db = await createTestDatabase();
  const findOverdue = async (): Promise<OverdueReport> => ({
    running: 1,
    unjudged: 0,
    overdue: found.splice(0, 1).map((executionId) => ({ executionId, ...OVERDUE })),
  });
  worker = await startTestWorker({ database: db.database, services: { runs: { findOverdue } } });
});
afterAll(async () => {
  await worker?.stop();
  await db?.drop();
});

test.each(['first', 'last'] as const)(
  'a running task that is reset to its %s workflow task continues at its cursor',
  async (which) => {
    const { client } = worker.temporal;
    found.splice(0, Infinity, 1_001);
    const handle = await client.workflow.start('runTask', {
      workflowId: `test-${randomUUID()}`,
      taskQueue: worker.taskQueue,
      args: [
        { configId: null, taskType: 'TIMEOUT_MONITOR', parameters: { monitor_duration: 8 }, triggeredBy: 'by_type' },
      ],
    });
    const run = { workflowId: handle.workflowId, runId: handle.firstExecutionRunId };
    await waitFor(async () => {
      const { raw } = await handle.describe();
      const [payload] = raw.pendingActivities?.[0]?.heartbeatDetails?.payloads ?? [];
      return Buffer.from(payload?.data ?? '').includes('1001');
    });
    const runId = await createOperator(client).reset(run, which);
    found.push(1_002);
    const result = await client.workflow.getHandle(handle.workflowId, runId).result();
    expect(result).toMatchObject({ overdue: [{ execution_id: 1_001 }, { execution_id: 1_002 }] });
  },
);

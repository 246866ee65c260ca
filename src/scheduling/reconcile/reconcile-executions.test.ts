import pino from 'pino';
import { createExecutionReconciler } from './reconcile-executions';
import type { WorkflowClient } from '@temporalio/client';
import type { RunningExecution } from '../../storage/executions/execution-repository';
import type { ExecutionEnd } from '../../storage/executions/execution-ends';

const NOW = Date.parse('2030-01-01T12:00:00Z');
const MINUTE_MS = 60_000;

interface FakeWorkflow {
  status: 'RUNNING' | 'TERMINATED';
  closeTime?: Date;
  /** Whether a list has it yet. A description always has. */
  isListed: boolean;
}

/** Temporal as a list and a description show it, and the rows of a database. */
function createStores({ running = [] as number[] } = {}) {
  const workflows = new Map<string, FakeWorkflow>();
  const rows = new Map(running.map((id) => [`run-${id}`, id]));
  const ended: number[] = [];
  const started = (id: number): RunningExecution => ({
    id,
    workflowId: `run-${id}`,
    runId: 'r',
    batchIndex: 0,
    startedAt: new Date(NOW - 30 * MINUTE_MS),
  });
  const isAsked = (query: string, id: string, { status, closeTime }: FakeWorkflow) => {
    if (query.startsWith("ExecutionStatus = 'Running'")) return status === 'RUNNING' && query.includes(`"${id}"`);
    const [from = '', until = ''] = [...query.matchAll(/CloseTime >?<?=? '([^']+)'/g)].map(([, time]) => time);
    return closeTime !== undefined && closeTime >= new Date(from) && closeTime < new Date(until);
  };
  const workflowClient = {
    async *list({ query }: { query: string }) {
      for (const [workflowId, workflow] of workflows)
        if (workflow.isListed && isAsked(query, workflowId, workflow))
          yield { workflowId, runId: 'r', startTime: new Date(NOW), typedSearchAttributes: { get: () => undefined } };
    },
    getHandle: (workflowId: string) => ({
      async describe() {
        const { status, closeTime } = workflows.get(workflowId)!;
        const raw = { workflowExecutionInfo: { firstRunId: 'r' } };
        return { status: { name: status }, type: 'runTask', closeTime, raw };
      },
      result: async () => null,
    }),
  } as unknown as WorkflowClient;
  const reconcile = createExecutionReconciler({
    workflowClient,
    log: pino({ level: 'silent' }),
    taskQueue: 'queue',
    graceMs: 0,
    executions: {
      listRunning: async ({ limit, afterId = 0 }) =>
        [...rows.values()]
          .filter((id) => id > afterId && !ended.includes(id))
          .slice(0, limit)
          .map(started),
      async endMany(ends: ({ executionId: number } & ExecutionEnd)[]) {
        const ids = ends.map(({ executionId }) => executionId);
        ended.push(...ids);
        return ids;
      },
      findMissing: async (runs) => runs.filter(({ workflowId }) => !rows.has(workflowId)),
      async begin({ workflowId }: { workflowId: string }) {
        rows.set(workflowId, rows.size + 1);
        return { id: rows.size };
      },
    } as Parameters<typeof createExecutionReconciler>[0]['executions'],
  });
  return { workflows, ended, reconcile };
}

beforeEach(() => jest.useFakeTimers({ now: NOW, doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] }));
afterEach(() => jest.useRealTimers());

test('an abandoned row is ended however many rows of runs at work are before it', async () => {
  const ids = Array.from({ length: 1_001 }, (_, index) => index + 1);
  const { workflows, ended, reconcile } = createStores({ running: ids });
  for (const id of ids) workflows.set(`run-${id}`, { status: 'RUNNING', isListed: true });
  const abandoned = [1, 500, 501, 1_000, 1_001];
  for (const id of abandoned)
    workflows.set(`run-${id}`, { status: 'TERMINATED', closeTime: new Date(NOW - MINUTE_MS), isListed: false });
  expect(await reconcile()).toMatchObject({ executionsEnded: 5 });
  expect(ended).toEqual(abandoned);
});

test('a run at work that no list shows yet keeps its row', async () => {
  const { workflows, ended, reconcile } = createStores({ running: [1] });
  workflows.set('run-1', { status: 'RUNNING', isListed: false });
  expect(await reconcile()).toEqual({ executionsEnded: 0, executionsRecorded: 0 });
  expect(ended).toEqual([]);
});

test('a closed run that visibility shows late gets its row in a later pass', async () => {
  const { workflows, reconcile } = createStores();
  const late: FakeWorkflow = { status: 'TERMINATED', closeTime: new Date(NOW - 5_000), isListed: false };
  workflows.set('run-late', late);
  expect(await reconcile()).toMatchObject({ executionsRecorded: 0 });
  late.isListed = true;
  jest.setSystemTime(NOW + MINUTE_MS);
  expect(await reconcile()).toMatchObject({ executionsRecorded: 1 });
  jest.setSystemTime(NOW + MINUTE_MS + 1_000);
  expect(await reconcile()).toMatchObject({ executionsRecorded: 0 });
});

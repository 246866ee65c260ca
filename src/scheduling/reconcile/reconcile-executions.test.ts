import { WorkflowNotFoundError } from '@temporalio/client';
import pino from 'pino';
import { createExecutionReconciler } from './reconcile-executions';
import type { WorkflowClient } from '@temporalio/client';
import type { RunningExecution } from '../../storage/executions/execution-repository';
import type { ExecutionEnd } from '../../storage/executions/execution-ends';
import type { WorkflowRun } from '../../storage/executions/workflow-run';

const NOW = Date.parse('2030-01-01T12:00:00Z');
const MINUTE_MS = 60_000;

interface FakeWorkflow {
  status: 'RUNNING' | 'TERMINATED';
  closeTime?: Date;
  /** Whether a list has it yet. A description always has. */
  isListed: boolean;
  runId?: string;
  /** Of the first run under its id: another than its own after a reset. */
  firstRunId?: string;
}

/** Temporal as a list and a description show it, by `id` or `id#run`, and the rows of a database, by workflow id. */
function createStores({ running = [] as number[], graceMs = 0 } = {}) {
  const workflows = new Map<string, FakeWorkflow>();
  const idOf = (key: string) => key.replace(/#.*/, '');
  const rows = new Map(running.map((id) => [`run-${id}`, id]));
  const ended: number[] = [];
  const begun: object[] = [];
  const continued: object[] = [];
  let outages = 0;
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
      if (query.includes('CloseTime') && outages > 0 && (outages -= 1) === 0) throw new Error('Temporal is away');
      for (const [key, workflow] of workflows) {
        const workflowId = idOf(key);
        const { runId = 'r' } = workflow;
        if (workflow.isListed && isAsked(query, workflowId, workflow))
          yield { workflowId, runId, startTime: new Date(NOW), typedSearchAttributes: { get: () => undefined } };
      }
    },
    getHandle: (id: string, run: string) => ({
      async describe() {
        const known = [...workflows].find(([key, { runId = 'r' }]) => idOf(key) === id && runId === run)?.[1];
        if (!known) throw new WorkflowNotFoundError('not found', id, run);
        const { status, closeTime, firstRunId = run } = known;
        const raw = { workflowExecutionInfo: { firstRunId } };
        return { status: { name: status }, type: 'runTask', closeTime, raw };
      },
      result: async () => null,
    }),
  } as unknown as WorkflowClient;
  const reconcile = createExecutionReconciler({
    workflowClient,
    log: pino({ level: 'silent' }),
    taskQueue: 'queue',
    graceMs,
    executions: {
      listRunning: async ({
        limit,
        startedBefore,
        afterId = 0,
      }: {
        limit: number;
        startedBefore: Date;
        afterId?: number;
      }) =>
        [...rows.values()]
          .filter((id) => id > afterId && !ended.includes(id))
          .slice(0, limit)
          .map(started)
          .filter(({ startedAt }) => startedAt < startedBefore),
      async endMany(ends: ({ executionId: number } & ExecutionEnd)[]) {
        const ids = ends.map(({ executionId }) => executionId);
        ended.push(...ids);
        return ids;
      },
      findMissing: async (runs: WorkflowRun[]) => runs.filter(({ workflowId }) => !rows.has(workflowId)),
      async begin({ workflowId, runId }: { workflowId: string; runId: string }) {
        rows.set(workflowId, rows.size + 1);
        begun.push({ workflowId, runId });
        return { id: rows.size };
      },
      getMany: async (ids: number[]) => ids.map((id) => ({ ...started(id), id })),
      findEarlier: async ({ workflowId }: { workflowId: string }) => ({ id: rows.get(`${workflowId}-earlier`) ?? 77 }),
      async continueReset({ runId }: { runId: string }, { id }: { id: number }) {
        continued.push({ runId, earlier: id });
        return { id: 500 + id };
      },
    } as unknown as Parameters<typeof createExecutionReconciler>[0]['executions'],
  });
  const failAt = (list: number) => void (outages = list);
  return { workflows, ended, begun, continued, failAt, reconcile };
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

test('a run that a list shows as closed, and that is open, gets no row', async () => {
  const { workflows, begun, ended, reconcile } = createStores();
  workflows.set('run-x', { status: 'RUNNING', closeTime: new Date(NOW - 5_000), isListed: true });
  expect(await reconcile()).toEqual({ executionsEnded: 0, executionsRecorded: 0 });
  expect({ begun, ended }).toEqual({ begun: [], ended: [] });
});

test('the row of an earlier run ends although another run is open under its id', async () => {
  const { workflows, ended, continued, reconcile } = createStores({ running: [1] });
  workflows.set('run-1', { status: 'TERMINATED', closeTime: new Date(NOW - MINUTE_MS), isListed: false });
  workflows.set('run-1#2', { runId: 's', status: 'RUNNING', isListed: true });
  expect(await reconcile()).toMatchObject({ executionsEnded: 1 });
  expect({ ended, continued }).toEqual({ ended: [1], continued: [] });
});

test('the row of a run that was reset is handed to the run that goes on, and does not end as terminated', async () => {
  const { workflows, ended, continued, reconcile } = createStores({ running: [1] });
  workflows.set('run-1', { status: 'TERMINATED', closeTime: new Date(NOW - MINUTE_MS), isListed: false });
  workflows.set('run-1#2', { runId: 's', firstRunId: 'r', status: 'RUNNING', isListed: true });
  expect(await reconcile()).toMatchObject({ executionsEnded: 1 });
  expect({ ended, continued }).toEqual({ ended: [], continued: [{ runId: 's', earlier: 1 }] });
});

test('the row of a run that goes on after a reset is not continued again', async () => {
  const { workflows, ended, continued, reconcile } = createStores({ running: [1] });
  workflows.set('run-1', { firstRunId: 'q', status: 'RUNNING', isListed: true });
  expect(await reconcile()).toMatchObject({ executionsEnded: 0 });
  expect({ ended, continued }).toEqual({ ended: [], continued: [] });
});

test('a young row is left to its run, which no list may show yet', async () => {
  const { ended, reconcile } = createStores({ running: [1], graceMs: 40 * MINUTE_MS });
  expect(await reconcile()).toMatchObject({ executionsEnded: 0 });
  expect(ended).toEqual([]);
});

test('a row whose workflow Temporal has forgotten ends', async () => {
  const { ended, reconcile } = createStores({ running: [1] });
  expect(await reconcile()).toMatchObject({ executionsEnded: 1 });
  expect(ended).toEqual([1]);
});

const closed = (agoMs: number): FakeWorkflow => ({
  status: 'TERMINATED',
  closeTime: new Date(NOW - agoMs),
  isListed: true,
});

test('the first pass records every run that closed within a day, once, and none that closed before', async () => {
  const { workflows, ended, begun, reconcile } = createStores();
  const hoursAgo = [24.5, 23.9, 23, 12.5, 1, 0.5];
  for (const hours of hoursAgo) workflows.set(`run-${hours}`, closed(hours * 60 * MINUTE_MS));
  expect(await reconcile()).toMatchObject({ executionsRecorded: 5 });
  expect(begun).toEqual([23.9, 23, 12.5, 1, 0.5].map((hours) => ({ workflowId: `run-${hours}`, runId: 'r' })));
  expect(ended).toHaveLength(5);
  expect(await reconcile()).toMatchObject({ executionsRecorded: 0 });
  expect(begun).toHaveLength(5);
});

test('a run that closed a moment ago is left to its own end', async () => {
  const { workflows, reconcile } = createStores({ graceMs: MINUTE_MS });
  workflows.set('run-1', closed(MINUTE_MS / 2));
  expect(await reconcile()).toMatchObject({ executionsRecorded: 0 });
  jest.setSystemTime(NOW + MINUTE_MS);
  expect(await reconcile()).toMatchObject({ executionsRecorded: 1 });
});

test('a run that closed is given a row that continues the run it is a reset of', async () => {
  const { workflows, ended, begun, continued, reconcile } = createStores();
  workflows.set('run-1#2', { ...closed(MINUTE_MS), runId: 's', firstRunId: 'r' });
  expect(await reconcile()).toMatchObject({ executionsRecorded: 1 });
  expect({ begun, continued, ended }).toEqual({ begun: [], continued: [{ runId: 's', earlier: 77 }], ended: [577] });
});

test('a pass that Temporal interrupts is taken up where it ended: nothing is lost', async () => {
  const { workflows, begun, failAt, reconcile } = createStores();
  for (const hours of [23.5, 12.5, 0.5]) workflows.set(`run-${hours}`, closed(hours * 60 * MINUTE_MS));
  // The hour of the second run.
  failAt(12);
  await expect(reconcile()).rejects.toThrow('Temporal is away');
  expect(begun).toHaveLength(1);
  expect(await reconcile()).toMatchObject({ executionsRecorded: 2 });
});

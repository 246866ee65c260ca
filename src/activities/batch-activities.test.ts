import { MockActivityEnvironment } from '@temporalio/testing';
import { signatures } from '../../test/support/run-signatures';
import { createFakeServices } from '../../test/support/task-context';
import { createBatchActivities } from './batch-activities';
import type { ActivityDeps } from './activity-deps';
import type { BatchItem } from '../storage/executions/execution-batches';
import type { ExecutionStatus } from '../storage/executions/task-execution';

const RUN = { workflowId: 'batch', runId: 'first' };
const ids = Array.from({ length: 60 }, (_, index) => index + 1);

interface FakeBatch {
  /** Called when a chunk of rows has ended. */
  afterChunk?: () => void;
  /** Statuses that differ from `running`, by the row's id. */
  statuses?: Record<number, ExecutionStatus>;
  /** The run of the rows. */
  runId?: string;
  maxRetries?: number;
  taskType?: string;
  timeoutSeconds?: number;
  /** Rows whose cancellation was requested: no attempt of theirs begins. */
  cancelled?: number[];
  /** What the database answers to beginBatch. */
  items?: Partial<BatchItem>[];
  earlier?: object;
}

/** A store of rows of a task that fails. */
function createBatch({
  afterChunk = () => undefined,
  statuses = {},
  runId = RUN.runId,
  maxRetries = 0,
  taskType = 'TEST_FAILURE',
  timeoutSeconds,
  cancelled = [],
  items = [],
  earlier,
}: FakeBatch = {}) {
  const opened: number[] = [];
  const ends: { executionId: number; status: string }[] = [];
  const calls: unknown[][] = [];
  const rowOf = (id: number) => ({
    id,
    runId,
    batchIndex: id,
    status: statuses[id] ?? 'running',
    taskType,
    parameters: {},
    maxRetries,
    timeoutSeconds: timeoutSeconds ?? null,
    startedAt: new Date(),
  });
  const executions = {
    getMany: async (wanted: number[]) => wanted.map(rowOf),
    // The rows of the present run have ids from 1,000 on.
    findOfRun: async (run: object, batchIndex: number) => ({
      ...rowOf(batchIndex),
      ...run,
      id: 1_000 + batchIndex,
      status: 'running',
    }),
    findEarlier: async () => earlier,
    async beginBatch(batch: object) {
      calls.push(['beginBatch', batch]);
      return items;
    },
    endResetBatch: async (...run: unknown[]) => void calls.push(['endResetBatch', ...run]),
    endBatch: async (...end: unknown[]) => void calls.push(['endBatch', ...end]),
    countBatch: async () => ({ total: 2, succeeded: 1 }),
    cancelInBatch: async (id: number) => void calls.push(['cancelInBatch', id]),
    async openAttempts(wanted: number[]) {
      const open = wanted.filter((id) => !cancelled.includes(id));
      opened.push(...open);
      return open.map((executionId) => ({
        executionId,
        attempt: 1,
        failedAttempts: 0,
        lostAttempts: 0,
        waited: null,
      }));
    },
    failAttempt: async () => undefined,
    async endMany(ended: typeof ends) {
      ends.push(...ended);
      afterChunk();
      return [];
    },
  };
  const log = { info: () => undefined, warn: () => undefined };
  const deps = { executions, services: createFakeServices(), log, signatures, workerIdentity: 'w' };
  const activities = createBatchActivities(deps as unknown as ActivityDeps);
  const environment = new MockActivityEnvironment({ workflowExecution: RUN });
  const inRun = <Result>(step: () => Promise<Result>): Promise<Result> => environment.run(step);
  return { opened, ends, calls, activities, environment, inRun };
}

test('a slice runs all of its rows, 25 at a time', async () => {
  let chunks = 0;
  const { opened, activities, inRun } = createBatch({ afterChunk: () => (chunks += 1) });
  await inRun(() => activities.executeSlice(ids));
  expect(opened).toEqual(ids);
  expect(chunks).toBe(3);
});

test('a cancelled batch stops between its chunks: what has not begun is not begun', async () => {
  const { opened, activities, environment, inRun } = createBatch({ afterChunk: () => environment.cancel() });
  await expect(inRun(() => activities.executeSlice(ids))).rejects.toMatchObject({ name: 'CancelledFailure' });
  expect(opened).toEqual(ids.slice(0, 25));
});

test('a slice that is repeated after a worker died runs only the rows that have not ended', async () => {
  const { opened, ends, activities, inRun } = createBatch({
    statuses: { 1: 'succeeded', 2: 'failed', 4: 'cancelled' },
  });
  await inRun(() => activities.executeSlice([1, 2, 3, 4, 5]));
  expect(opened).toEqual([3, 5]);
  expect(ends).toMatchObject([
    { executionId: 3, status: 'failed' },
    { executionId: 5, status: 'failed' },
  ]);
});

test('a row with retries left does not end: it is named with its wait', async () => {
  const { ends, activities, inRun } = createBatch({ maxRetries: 1 });
  expect(await inRun(() => activities.executeSlice([1, 2]))).toEqual([
    { executionId: 1, waitMs: 1_000 },
    { executionId: 2, waitMs: 1_000 },
  ]);
  expect(ends).toEqual([]);
});

test('a row for which no retry fits into its time limit ends as timed out', async () => {
  const { ends, activities, inRun } = createBatch({ maxRetries: 1, timeoutSeconds: 0.5 });
  expect(await inRun(() => activities.executeSlice([1]))).toEqual([]);
  expect(ends).toMatchObject([{ executionId: 1, status: 'timed_out' }]);
});

test('a row that cannot run ends as failed', async () => {
  const { ends, activities, inRun } = createBatch({ taskType: 'GONE' });
  expect(await inRun(() => activities.executeSlice([1]))).toEqual([]);
  expect(ends).toMatchObject([{ executionId: 1, status: 'failed', errorMessage: 'Unknown task type GONE' }]);
});

test('a row whose cancellation was requested ends as cancelled, without an attempt', async () => {
  const { ends, activities, inRun } = createBatch({ cancelled: [1] });
  expect(await inRun(() => activities.executeSlice([1, 2]))).toEqual([]);
  expect(ends).toMatchObject([
    { executionId: 1, status: 'cancelled' },
    { executionId: 2, status: 'failed' },
  ]);
});

test('after a reset, rows that had succeeded are kept, and every other run goes on in a row of its own', async () => {
  const { opened, activities, inRun } = createBatch({ runId: 'reset', statuses: { 1: 'succeeded' } });
  await inRun(() => activities.executeSlice([1, 2, 3]));
  expect(opened).toEqual([1_002, 1_003]);
});

test('runs whose cancellation came before their rows are cancelled in the rows of the present run', async () => {
  const { calls, activities, inRun } = createBatch({ runId: 'reset' });
  await inRun(() => activities.cancelRuns([{ n: 1, executionId: 7 }]));
  expect(calls).toEqual([['cancelInBatch', 1_007]]);
});

test('a batch that is cancelled ends the rows that are left; one that is not ends none', async () => {
  const { calls, activities, inRun } = createBatch();
  expect(await inRun(() => activities.finishBatch(false))).toEqual({ total: 2, succeeded: 1 });
  expect(calls).toEqual([]);
  await inRun(() => activities.finishBatch(true));
  expect(calls).toEqual([['endBatch', 'batch', 'first', expect.objectContaining({ status: 'cancelled' })]]);
});

describe('a batch that begins', () => {
  const request = { configIds: [7, 8, 9, 10], requestedBy: 3 };
  const signed = signatures.sign(RUN.workflowId, request);
  const items = [
    { n: 1, executionId: 11, isRunning: true, configId: 7 },
    // It ended before this step was repeated.
    { n: 2, executionId: 12, isRunning: false, configId: 8 },
    {
      n: 3,
      executionId: null,
      isRunning: true,
      configId: 9,
      configName: 'long',
      taskType: 'REDDIT_SCRAPE',
      priority: 2,
    },
    // Its config was deleted.
    { n: 4, executionId: 14, isRunning: true, configId: null },
  ];

  test('runs each short run in a slice and each long one as a child, none twice and none not at all', async () => {
    const { activities, inRun } = createBatch({ items });
    const { slices, children } = await inRun(() => activities.beginBatch(signed, RUN.runId));
    expect(slices).toEqual([
      [
        { n: 1, executionId: 11 },
        { n: 4, executionId: 14 },
      ],
    ]);
    expect(children).toMatchObject([
      { n: 3, workflowId: 'batch-3', configId: 9, configName: 'long', taskType: 'REDDIT_SCRAPE', priority: 2 },
    ]);
    expect(children[0]?.request).toMatchObject({ configId: 9, triggeredBy: 'batch', requestedBy: 3 });
    expect(signatures.isSigned('batch-3', children[0]?.request ?? {})).toBe(true);
  });

  test('is cut into slices of a hundred', async () => {
    const many = Array.from({ length: 201 }, (_, n) => ({ n: n + 1, executionId: n + 1, isRunning: true }));
    const { activities, inRun } = createBatch({ items: many });
    const { slices } = await inRun(() => activities.beginBatch(signed, RUN.runId));
    expect(slices.map((slice) => slice.length)).toEqual([100, 100, 1]);
    expect(new Set(slices.flat().map(({ executionId }) => executionId)).size).toBe(201);
  });

  test.each([
    ['signed by the API', signed, RUN.runId, undefined, { triggeredBy: 'batch', requestedBy: 3 }],
    ['not signed', request, RUN.runId, undefined, { triggeredBy: 'temporal' }],
    ['signed, but for other configs', { ...signed, configIds: [1] }, RUN.runId, undefined, { triggeredBy: 'temporal' }],
    ['signed, under the id of an earlier batch', signed, RUN.runId, {}, { triggeredBy: 'temporal' }],
    ['a reset of a run', signed, 'another', undefined, { triggeredBy: 'reset' }],
  ])(
    '%s has that origin, and nobody else counts as having asked',
    async (_case, given, firstRunId, earlier, origin) => {
      const { calls, activities, inRun } = createBatch({ items, earlier });
      await inRun(() => activities.beginBatch(given, firstRunId));
      const [[, begun] = [], ...others] = calls;
      expect(begun).toMatchObject({ ...RUN, ...origin, configIds: given.configIds });
      expect(Object.entries(begun as object).find(([key]) => key === 'requestedBy')?.[1]).toBe(
        'requestedBy' in origin ? origin.requestedBy : undefined,
      );
      // The rows of the run that was reset end, so that none works beside its successor.
      expect(others).toEqual(origin.triggeredBy === 'reset' ? [['endResetBatch', 'batch', 'first']] : []);
    },
  );
});

import { openBudget } from '../../../../test/support/open-budget';
import { createMetricsService } from './metrics-service';
import type { MetricsRepository } from '../../../storage/executions/metrics-repository';

type Span = [after: number, before: number];
type Deps = Parameters<typeof createMetricsService>[0];

/** Past the two seconds for which readings are shared. */
const moveOn = () => jest.advanceTimersByTime(15_000);

beforeEach(() => void jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] }));
afterEach(() => void jest.useRealTimers());

function createService(countEnded: MetricsRepository['countEnded']) {
  const describeTaskQueue = async () => ({ stats: null });
  const temporal = {
    client: { options: { namespace: 'default' }, workflowService: { describeTaskQueue } },
    taskQueue: 'q',
  } as unknown as Deps['temporal'];
  return createMetricsService({
    metrics: {
      countEnded,
      countLateness: async () => ({ buckets: [], seconds: 0 }),
      countRunning: async () => [],
      pool: () => ({ used: 0, free: 0, waiting: 0, max: 1 }),
    },
    temporal,
    budget: openBudget(),
    log: { warn: () => undefined },
  });
}

test('counts each span of time once; a span whose counting failed is counted with the next', async () => {
  const spans: Span[] = [];
  let isAway = false;
  const service = createService(async (after, before) => {
    spans.push([after.getTime(), before.getTime()]);
    if (isAway) throw new Error('away');
    return [];
  });
  for (const state of [false, true, false]) {
    moveOn();
    isAway = state;
    await service.read();
  }
  const [first, missed, next] = spans as [Span, Span, Span];
  expect(first[1]).toBeGreaterThan(first[0]);
  expect(missed[0]).toBe(first[1]);
  expect(next[0]).toBe(missed[0]);
  expect(next[1]).toBeGreaterThan(missed[1]);
});

test('shares one reading among concurrent callers', async () => {
  let asked = 0;
  const service = createService(async () => [
    { taskType: null, outcome: 'succeeded' as const, total: ++asked, seconds: 1 },
  ]);
  const readings = await Promise.all([service.read(), service.read(), service.read()]);
  expect(new Set(readings).size).toBe(1);
  moveOn();
  expect(await service.read()).not.toBe(readings[0]);
  expect(asked).toBe(2);
});

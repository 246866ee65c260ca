import pino from 'pino';
import { createStaggerReconciler, staggerOf } from './reconcile-stagger';
import type { Stagger } from '../../storage/configs/stagger-repository';
import type { TaskConfig } from '../../storage/configs/task-config';
import type { ActualSchedule } from '../temporal/actual-schedule';

test.each([
  [0, 0],
  [80, 0],
  [81, 10],
  [200, 10],
  [201, 20],
  [1_000, 50],
  [5_000, 50],
])('%i runs due in one minute, at 20 starts a second, are spread over %i s', (due, seconds) => {
  expect(staggerOf(due, 20)).toBe(seconds);
});

test('nothing is spread when staggering is turned off', () => {
  expect(staggerOf(100_000, 0)).toBe(0);
});

test('a pass changes a thousand schedules, and the next one those that are left', async () => {
  const configs = Array.from(
    { length: 1_500 },
    (_, id) =>
      ({
        id,
        schedulerType: 'cron',
        scheduleConfig: { cron_expression: '30 3 * * *' },
        staggerSeconds: 0,
        staggeredUntil: null,
      }) as unknown as TaskConfig,
  );
  const nextRun = new Date(Date.now() + 3_600_000);
  const schedules = new Map(configs.map(({ id }) => [id, { nextRun } as ActualSchedule]));
  const asked: number[][] = [];
  const reconcile = createStaggerReconciler({
    staggers: {
      async widen(staggers: Stagger[], { until }) {
        const ids = staggers.map(({ configId }) => configId);
        asked.push(ids);
        for (const { configId, seconds } of staggers)
          Object.assign(configs[configId]!, { staggerSeconds: seconds, staggeredUntil: until });
        return ids;
      },
      endPassed: async () => [],
    },
    convergence: { converge: async () => undefined },
    log: pino({ level: 'silent' }),
    startsPerSecond: 20,
  });
  for (let pass = 0; pass < 3; pass += 1) await reconcile(configs, schedules);
  expect(asked.map((ids) => ids.length)).toEqual([1_000, 500, 0]);
  expect(new Set(asked.flat()).size).toBe(1_500);
});

import pino from 'pino';
import { createZoneReconciler } from './reconcile-zones';
import type { ActualSchedule } from '../temporal/actual-schedule';
import type { TaskConfig } from '../../storage/configs/task-config';

const ROW = {
  id: 1,
  schedulerType: 'cron',
  scheduleConfig: { cron_expression: '0 12 * * *', timezone: 'Asia/Tokyo' },
  scheduleStatus: 'active',
  staggerSeconds: 0,
};
// Noon in Tokyo is 03:00 in UTC.
const NOON = '2099-06-01T03:00:00Z';

interface Case {
  row?: Partial<Record<keyof TaskConfig, unknown>>;
  nextRun?: string | null;
  differing?: string[];
}

async function recomputed({ row, nextRun = NOON, differing = [] }: Case): Promise<number[]> {
  const applied: number[] = [];
  const config = { ...ROW, ...row } as TaskConfig;
  const actual = { configId: 1, nextRun: nextRun === null ? null : new Date(nextRun) } as ActualSchedule;
  const reconcileZones = createZoneReconciler({
    configs: { zonesInUse: async () => ['Asia/Tokyo'], listScheduled: async () => [config] },
    gateway: { list: async () => new Map([[1, actual]]) },
    convergence: {
      converge: async (id) => {
        applied.push(id);
        return config;
      },
    },
    zones: { differing: async () => differing },
    log: pino({ level: 'silent' }),
  });
  await reconcileZones();
  await reconcileZones();
  return applied;
}

test('a schedule is applied again, once, when Temporal is about to fire at a time that our rules lack', async () => {
  expect(await recomputed({ nextRun: '2099-06-01T04:00:00Z' })).toEqual([1]);
  expect(await recomputed({ nextRun: NOON })).toEqual([]);
});

const hourOff = '2099-06-01T04:00:00Z';
test.each<[string, Case]>([
  ['a time that jitter moves', { nextRun: '2099-06-01T03:00:20Z', row: withOptions({ jitter_seconds: 30 }) }],
  ['a time that a stagger moves', { nextRun: '2099-06-01T03:00:20Z', row: { staggerSeconds: 20 } }],
  ['a zone for which the server has other rules', { nextRun: hourOff, differing: ['Asia/Tokyo'] }],
  ['a paused config', { nextRun: hourOff, row: { scheduleStatus: 'paused' } }],
  ['a missed time', { nextRun: '2020-06-01T04:00:00Z' }],
  ['a schedule that never fires again', { nextRun: null }],
  ['a config that cannot be read', { nextRun: hourOff, row: { scheduleConfig: { cron_expression: 'nonsense' } } }],
  ['a schedule in UTC', { nextRun: hourOff, row: { scheduleConfig: { cron_expression: '0 12 * * *' } } }],
  ['an interval', { nextRun: hourOff, row: { schedulerType: 'interval', scheduleConfig: { hours: 3 } } }],
])('%s is left alone', async (_name, one) => {
  expect(await recomputed(one)).toEqual([]);
});

function withOptions(options: object): Case['row'] {
  return { scheduleConfig: { ...ROW.scheduleConfig, ...options } };
}

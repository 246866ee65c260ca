import { createScheduledRunTeller } from './scheduled-run';
import type { TaskConfig } from '../../storage/configs/task-config';
import type { ScheduledRunHistory } from '../../storage/executions/scheduled-run-repository';

const DUE = new Date('2027-03-01T06:00:00Z');
const seconds = (count: number) => new Date(DUE.getTime() + count * 1_000);

/** Tells of a run at 06:00 of an hourly config with a catch-up window of ten minutes. */
async function tell(
  startedAt: Date,
  {
    scheduledAt = DUE,
    armedAt = new Date('2027-01-01T00:00:00Z'),
    history = {},
    scheduleConfig = {},
  }: { scheduledAt?: Date; armedAt?: Date; history?: Partial<ScheduledRunHistory>; scheduleConfig?: object } = {},
) {
  const config = {
    schedulerType: 'cron',
    scheduleConfig: { cron_expression: '0 * * * *', ...scheduleConfig },
    registeredAt: armedAt,
    staggerSeconds: 0,
  } as unknown as TaskConfig;
  const teller = createScheduledRunTeller({
    configs: { get: async () => config },
    runs: { look: async () => ({ hasRun: false, hasWaited: false, ...history }) },
    gateway: { isFireTime: async () => false },
  });
  return teller({ workflowId: 'w', runId: 'r', configId: 1, scheduledAt, startedAt });
}

test('a run at its time is due', async () => {
  expect(await tell(seconds(0.1))).toBe('schedule');
});

test('a run at no time of the rule was triggered', async () => {
  expect(await tell(seconds(1.2), { scheduledAt: seconds(1) })).toBe('temporal');
});

test('a late run is due within the catch-up window, or when it has waited for the run before', async () => {
  expect(await tell(seconds(590))).toBe('schedule');
  expect(await tell(seconds(700))).toBe('backfill');
  expect(await tell(seconds(7_000), { history: { hasWaited: true } })).toBe('schedule');
});

test('a late run is a backfill when another had its time, or the schedule was armed later', async () => {
  expect(await tell(seconds(60), { history: { hasRun: true } })).toBe('backfill');
  expect(await tell(seconds(60), { armedAt: seconds(30) })).toBe('backfill');
});

test('jitter makes no run late', async () => {
  const jittered = { scheduleConfig: { jitter_seconds: 300 }, history: { hasRun: true } };
  expect(await tell(seconds(250), jittered)).toBe('schedule');
  expect(await tell(seconds(400), jittered)).toBe('backfill');
});

import { ScheduleOverlapPolicy } from '@temporalio/client';
import { waitFor } from '../../support/process';
import { useScheduling, type SchedulingStack } from '../../support/scheduling';
import { createStaggerRepository } from '../../../src/storage/configs/stagger-repository';

let stack: SchedulingStack;
useScheduling((started) => {
  stack = started;
});
/** Five seconds' worth of starts. */
const MANY = 5;
const DAILY = { scheduleConfig: { cron_expression: '30 3 * * *' } };
const pass = () => stack.createPass({ startsPerSecond: 1 }).run();
const jitterOf = async (configId: number) => {
  const handle = stack.temporal.client.schedule.getHandle(`task-config-${configId}`);
  return (await handle.describe()).spec.jitter ?? 0;
};
const isListed = async (count: number) => {
  await waitFor(async () => (await stack.gateway.list()).size === count);
};

test('spreads the runs of schedules that many share their time with, and tells only those that want it', async () => {
  const shared = await Promise.all(Array.from({ length: MANY }, () => stack.createActive(DAILY)));
  const strict = await stack.createActive({
    scheduleConfig: { cron_expression: '30 3 * * *', stagger: false, overlap: 'allow_all' },
  });
  const alone = await stack.createActive({ scheduleConfig: { cron_expression: '45 4 * * *' } });
  const once = await stack.createActive({
    schedulerType: 'date',
    scheduleConfig: { run_date: (await stack.gateway.describe(strict.id))!.nextRun!.toISOString() },
  });
  await isListed(MANY + 3);

  expect(await pass()).toMatchObject({ schedulesStaggered: MANY });
  for (const { id } of shared) expect(await jitterOf(id)).toBe(10_000);
  for (const { id } of [strict, alone, once]) expect(await jitterOf(id)).toBe(0);
  expect((await stack.temporal.client.schedule.getHandle(`task-config-${strict.id}`).describe()).policies.overlap).toBe(
    ScheduleOverlapPolicy.ALLOW_ALL,
  );

  // Neither the next pass nor a further config changes the schedules again.
  await stack.createActive(DAILY);
  await isListed(MANY + 4);
  expect(await pass()).toMatchObject({ schedulesStaggered: 1, schedulesRepaired: 0 });
  expect(await pass()).toMatchObject({ schedulesStaggered: 0, schedulesRepaired: 0 });
});

test('ends the stagger of schedules that have shared their time with few for a week', async () => {
  const { id } = await stack.createActive(DAILY);
  const staggers = createStaggerRepository(stack.database);
  const [past, future] = [new Date(Date.now() - 1), new Date(Date.now() + 60_000)];
  expect(await staggers.widen([{ configId: id, seconds: 20 }], { until: future, renewBefore: past })).toEqual([id]);
  expect(await staggers.widen([{ configId: id, seconds: 10 }], { until: past, renewBefore: past })).toEqual([]);
  await stack.convergence.converge(id);
  expect(await jitterOf(id)).toBe(20_000);
  await isListed(1);
  expect(await pass()).toMatchObject({ schedulesStaggered: 0 });

  expect(await staggers.widen([{ configId: id, seconds: 20 }], { until: past, renewBefore: new Date() })).toEqual([]);
  await staggers.widen([{ configId: id, seconds: 30 }], { until: past, renewBefore: past });
  await stack.convergence.converge(id);
  expect(await pass()).toMatchObject({ schedulesStaggered: 1 });
  expect(await jitterOf(id)).toBe(0);
});

test('leaves schedules as they are when staggering is turned off', async () => {
  await Promise.all(Array.from({ length: MANY }, () => stack.createActive(DAILY)));
  await isListed(MANY);
  expect(await stack.createPass({ startsPerSecond: 0 }).run()).toMatchObject({ schedulesStaggered: 0 });
});

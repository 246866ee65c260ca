import { waitFor } from '../../support/process';
import { expectInStep, useScheduling, type SchedulingStack } from '../../support/scheduling';

let stack: SchedulingStack;
useScheduling((started) => {
  stack = started;
});

test.each(['active', 'paused'] as const)(
  'the start of a config that is %s ends an earlier pause, even when reconcile applies it',
  async (status) => {
    const { id } = await stack.createActive();
    if (status === 'paused') await stack.commands.pause(id);
    await stack.scheduleOf(id).pause('by hand');
    // The row as a start writes it, before the schedule is updated.
    await stack.configs.setScheduleStatus(id, 'active');
    await waitFor(async () => (await stack.reconcile()).schedulesRepaired === 1);
    expect(await stack.statusOf(id)).toBe('active');
    await expectInStep(stack, id);
  },
);

test('a pause in the Web UI is adopted with its reason, and ended by a start', async () => {
  const { id } = await stack.createActive();
  const outside = stack.scheduleOf(id);
  await outside.pause('maintenance of the moon');
  expect(await stack.commands.reload(id)).toMatchObject({ success: true, message: expect.stringContaining('paused') });
  expect(await stack.configs.get(id)).toMatchObject({
    scheduleStatus: 'paused',
    scheduleError: 'paused in Temporal: maintenance of the moon',
  });
  await expectInStep(stack, id);

  expect(await stack.commands.start(id)).toMatchObject({ success: true });
  await outside.pause('again');
  expect(await stack.commands.start(id)).toMatchObject({ success: true });
  expect(await stack.statusOf(id)).toBe('active');
  await expectInStep(stack, id);

  await outside.pause('and again');
  await waitFor(async () => (await stack.reconcile()).pausesAdopted === 1);
  expect(await stack.statusOf(id)).toBe('paused');
  await expectInStep(stack, id);
  expect((await stack.configs.listEvents(id, 1))[0]).toMatchObject({
    event: 'task_paused',
    error: 'paused in Temporal: and again',
  });

  await outside.unpause();
  await waitFor(async () => (await stack.reconcile()).schedulesRepaired === 1);
  await expectInStep(stack, id);
  expect(await stack.statusOf(id)).toBe('paused');
});

import { ServiceError } from '@temporalio/client';
import { createScheduleCommands, SCHEDULE_COMMANDS } from '../../../src/scheduling/temporal/schedule-commands';
import { createScheduleGateway, type ScheduleGateway } from '../../../src/scheduling/temporal/schedule-gateway';
import { waitFor } from '../../support/process';
import { expectInStep, useScheduling, type SchedulingStack } from '../../support/scheduling';

let stack: SchedulingStack;
useScheduling((started) => {
  stack = started;
});

/** The commands of another API process. They do not share the queues of `stack.commands`. */
const anotherProcess = () => createScheduleCommands({ configs: stack.configs, convergence: stack.convergence });

test('twenty concurrent commands and edits of two processes leave row and schedule in step', async () => {
  const processes = [stack.commands, anotherProcess()];
  for (let round = 0; round < 8; round += 1) {
    const { id } = await stack.createConfig();
    const work = [...SCHEDULE_COMMANDS, 'edit', 'edit', 'remove'] as const;
    const done = await Promise.allSettled(
      Array.from({ length: 20 }, () => work[Math.floor(Math.random() * work.length)] ?? 'edit').map(async (what, n) => {
        const side = processes[n % 2] ?? stack.commands;
        if (what !== 'edit') return side[what](id);
        await stack.configs.update(id, { scheduleConfig: { cron_expression: `${n} 5 * * *` }, name: `edit ${n}` });
        return side.rearm(id);
      }),
    );
    expect(done.filter((one) => one.status === 'rejected')).toEqual([]);
    const failed = done.flatMap((one) =>
      one.status === 'fulfilled' && /could not/.test(one.value.message) ? [one.value.message] : [],
    );
    expect(failed).toEqual([]);
    await expectInStep(stack, id);
  }
});

test('concurrent commands on the same schedules all succeed, one after another', async () => {
  const ids = await Promise.all(Array.from({ length: 6 }, async () => (await stack.createConfig()).id));
  const results = await Promise.all(
    Array.from({ length: 120 }, (_, n) => stack.commands[n % 4 < 2 ? 'start' : 'stop'](ids[n % 6] ?? 0)),
  );
  expect(results.filter((result) => !result.success)).toEqual([]);
  for (const id of ids) {
    expect(await stack.statusOf(id)).not.toBe('error');
    await expectInStep(stack, id);
  }
});

describe('a schedule that another process creates or deletes at the same moment', () => {
  /** A gateway whose first updates fail like those of a schedule that is closing on a busy server. */
  function contended(times: number): ScheduleGateway {
    const cause = Object.assign(new Error('closed'), {
      code: 9,
      details: 'Workflow execution closed before WorkflowTaskStarted event',
      metadata: {},
    });
    const client = Object.create(stack.temporal.client.schedule) as typeof stack.temporal.client.schedule;
    client.getHandle = (scheduleId) => {
      const handle = stack.temporal.client.schedule.getHandle(scheduleId);
      return {
        ...handle,
        update: (change) =>
          times-- > 0
            ? Promise.reject(new ServiceError('Failed to describe schedule', { cause }))
            : handle.update(change),
      };
    };
    return createScheduleGateway({ client, taskQueue: 'nobody-serves-this' });
  }
  const startWith = (schedules: ScheduleGateway, id: number) => stack.commandsThrough(schedules).start(id);

  test('is updated by another attempt', async () => {
    const { id } = await stack.createConfig();
    expect(await startWith(contended(3), id)).toMatchObject({ success: true });
    await expectInStep(stack, id);
  });

  test('keeps its desired state when the attempts run out, and is repaired later', async () => {
    const { id } = await stack.createConfig();
    expect(await startWith(contended(Infinity), id)).toMatchObject({
      success: false,
      message: expect.stringContaining('others keep changing this schedule'),
    });
    expect(await stack.configs.get(id)).toMatchObject({ scheduleStatus: 'active', scheduleError: null });
    await waitFor(async () => (await stack.reconcile()).schedulesRepaired === 1);
    await expectInStep(stack, id);
  });
});

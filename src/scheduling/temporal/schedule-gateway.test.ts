import { ScheduleAlreadyRunning, ScheduleNotFoundError, ServiceError, type ScheduleClient } from '@temporalio/client';
import { createScheduleGateway } from './schedule-gateway';
import type { TaskConfig } from '../../storage/configs/task-config';

const late = () =>
  new ServiceError('late', {
    cause: Object.assign(new Error('4 DEADLINE_EXCEEDED'), { code: 4, details: 'Deadline exceeded', metadata: {} }),
  });
const missing = () => new ScheduleNotFoundError('no such schedule', 'task-config-1');
const config = {
  id: 1,
  name: 'one',
  taskType: 'TEST',
  schedulerType: 'interval',
  scheduleConfig: { interval_seconds: 60 },
  scheduleStatus: 'active',
  revision: 1,
  priority: 5,
  parameters: {},
} as unknown as TaskConfig;

/** A server that answers each call of a kind with the next outcome of its list. Only late answers advance the clock. */
function createGateway(answers: { create?: (Error | null)[]; update?: (Error | null)[]; delete?: (Error | null)[] }) {
  const asked: string[] = [];
  const givenMs: number[] = [];
  let deadline = 0;
  const answer = (kind: keyof typeof answers) => async () => {
    asked.push(kind);
    const error = answers[kind]?.shift();
    if (error instanceof ServiceError) jest.setSystemTime(deadline);
    if (error) throw error;
  };
  const client = {
    withDeadline: async (at: number, work: () => Promise<unknown>) => {
      givenMs.push(at - Date.now());
      deadline = at;
      return work();
    },
    create: answer('create'),
    getHandle: () => ({ update: answer('update'), delete: answer('delete') }),
  } as unknown as ScheduleClient;
  return { gateway: createScheduleGateway({ client, taskQueue: 'queue', timeoutMs: 10_000 }), asked, givenMs };
}

beforeEach(() => jest.useFakeTimers({ doNotFake: ['setTimeout', 'nextTick', 'setImmediate', 'queueMicrotask'] }));
afterEach(() => jest.useRealTimers());

test('a request that got stuck is sent again within the deadline', async () => {
  const { gateway, givenMs } = createGateway({ delete: [late(), null] });
  await gateway.remove(1);
  expect(givenMs).toEqual([2_500, 2_500]);
});

test('the last try has what is left of the deadline, and no more', async () => {
  const { gateway, givenMs } = createGateway({ delete: [late(), late(), late(), null] });
  await expect(gateway.remove(1)).rejects.toThrow('Temporal is not available: Deadline exceeded');
  expect(givenMs).toEqual([2_500, 2_500, 5_000]);
});

test('what was created by a try that came too late is updated by the next', async () => {
  const { gateway, asked } = createGateway({
    update: [missing(), missing(), null],
    create: [late(), new ScheduleAlreadyRunning('there already', 'task-config-1')],
  });
  await expect(gateway.apply(config)).resolves.toEqual({});
  expect(asked).toEqual(['update', 'create', 'update', 'create', 'update']);
});

test('what was deleted by a try that came too late is not missed', async () => {
  const { gateway, asked } = createGateway({ delete: [late(), missing()] });
  await gateway.remove(1);
  expect(asked).toEqual(['delete', 'delete']);
});

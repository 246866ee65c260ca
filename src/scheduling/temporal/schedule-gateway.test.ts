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

/** A server that answers each call with the next outcome listed for its kind. Only late answers advance the clock. */
function createGateway(answers: { create?: (Error | null)[]; update?: (Error | null)[]; delete?: (Error | null)[] }) {
  const requests: string[] = [];
  const timeoutsMs: number[] = [];
  let deadline = 0;
  const answer = (kind: keyof typeof answers) => async () => {
    requests.push(kind);
    const error = answers[kind]?.shift();
    if (error instanceof ServiceError) jest.setSystemTime(deadline);
    if (error) throw error;
  };
  const client = {
    withDeadline: async (at: number, work: () => Promise<unknown>) => {
      timeoutsMs.push(at - Date.now());
      deadline = at;
      return work();
    },
    create: answer('create'),
    getHandle: () => ({ update: answer('update'), delete: answer('delete') }),
  } as unknown as ScheduleClient;
  return { gateway: createScheduleGateway({ client, taskQueue: 'queue', timeoutMs: 10_000 }), requests, timeoutsMs };
}

beforeEach(() => jest.useFakeTimers({ doNotFake: ['setTimeout', 'nextTick', 'setImmediate', 'queueMicrotask'] }));
afterEach(() => jest.useRealTimers());

test('a request without an answer is sent again within the deadline', async () => {
  const { gateway, timeoutsMs } = createGateway({ delete: [late(), null] });
  await gateway.remove(1);
  expect(timeoutsMs).toEqual([2_500, 2_500]);
});

test('the last attempt gets the rest of the deadline', async () => {
  const { gateway, timeoutsMs } = createGateway({ delete: [late(), late(), late(), null] });
  await expect(gateway.remove(1)).rejects.toThrow('Temporal is not available: Deadline exceeded');
  expect(timeoutsMs).toEqual([2_500, 2_500, 5_000]);
});

test('a schedule that a late attempt created is updated by the next attempt', async () => {
  const { gateway, requests } = createGateway({
    update: [missing(), missing(), null],
    create: [late(), new ScheduleAlreadyRunning('there already', 'task-config-1')],
  });
  await expect(gateway.apply(config)).resolves.toEqual({});
  expect(requests).toEqual(['update', 'create', 'update', 'create', 'update']);
});

test('a schedule that a late attempt deleted counts as deleted', async () => {
  const { gateway, requests } = createGateway({ delete: [late(), missing()] });
  await gateway.remove(1);
  expect(requests).toEqual(['delete', 'delete']);
});

import { createScheduleView } from './schedule-view';
import type { ActualSchedule, DescribedSchedule } from './actual-schedule';
import type { TaskConfig } from '../../storage/configs/task-config';

const schedule = (configId: number) => ({ configId, state: 'active' }) as unknown as DescribedSchedule;

function createFake(count: number, firstPageSize = Infinity) {
  const requests: string[] = [];
  let answers: (() => void)[] = [];
  let isHeld = false;
  const listed = () =>
    new Map<number, ActualSchedule>(Array.from({ length: count }, (_, n) => [n + 1, schedule(n + 1)]));
  const answer = async <Answer>(name: string, value: Answer): Promise<Answer> => {
    requests.push(name);
    if (isHeld) await new Promise<void>((resolve) => answers.push(resolve));
    return value;
  };
  let time = 0;
  const view = createScheduleView({
    gateway: {
      list: (ids) => answer(ids ? `list ${ids.join()}` : 'list all', listed()),
      listFirst: () => answer('first', { schedules: listed(), isComplete: count <= firstPageSize }),
      describe: (id) => answer(`describe ${id}`, schedule(id)),
    },
    now: () => time,
  });
  return {
    view,
    requests,
    pass: (ms: number) => void (time += ms),
    hold: () => void (isHeld = true),
    release: () => {
      isHeld = false;
      for (const go of answers) go();
      answers = [];
    },
  };
}
const changing = { apply: async () => ({}), remove: async () => undefined };

test('readers within a second share one request, and later readers send a new one', async () => {
  const { view, requests, pass } = createFake(3);
  const [first] = await Promise.all([view.all(), view.of([1]), view.find(2)]);
  expect(await view.all()).toBe(first);
  expect(requests).toEqual(['first']);
  pass(1_001);
  await view.all();
  expect(requests).toEqual(['first', 'first']);
});

test('an answer from before a change by this process is not reused', async () => {
  const { view, requests, pass } = createFake(3);
  await view.all();
  pass(10);
  await view.watch(changing).apply({ id: 2 } as TaskConfig);
  pass(1);
  await view.all();
  expect(requests).toEqual(['first', 'first']);
  // Lists may still lack the change: none is reused, and the changed schedule is requested alone.
  await view.all();
  await view.find(2);
  await view.find(1);
  expect(requests).toEqual(['first', 'first', 'first', 'describe 2', 'first']);
  pass(10_001);
  await view.find(2);
  await view.find(2);
  expect(requests.slice(5)).toEqual(['first']);
});

test('a request that was pending during a change serves only the readers that waited for it', async () => {
  const { view, requests, pass, hold, release } = createFake(1);
  hold();
  const before = view.all();
  pass(5);
  await view.watch(changing).remove(1);
  pass(5);
  const after = view.all();
  release();
  await Promise.all([before, after]);
  expect(requests).toEqual(['first', 'first']);
});

test('with more schedules than the first page holds, a list of configs requests only its own', async () => {
  const { view, requests } = createFake(5, 4);
  await view.of([7, 8]);
  await view.find(3);
  await view.all();
  await view.all();
  expect(requests).toEqual(['first', 'list 7,8', 'describe 3', 'list all']);
});

test('a failure reaches the readers that waited, and the next reader sends a new request', async () => {
  let calls = 0;
  const view = createScheduleView({
    gateway: {
      list: async () => new Map(),
      describe: async () => null,
      listFirst: async () => Promise.reject(new Error(`away ${(calls += 1)}`)),
    },
  });
  await expect(Promise.all([view.all(), view.all()])).rejects.toThrow('away 1');
  await expect(view.all()).rejects.toThrow('away 2');
});

import { createScheduleView } from './schedule-view';
import type { ActualSchedule, DescribedSchedule } from './actual-schedule';
import type { TaskConfig } from '../../storage/configs/task-config';

const schedule = (configId: number) => ({ configId, state: 'active' }) as unknown as DescribedSchedule;

function createFake(count: number, most = Infinity) {
  const asked: string[] = [];
  let answers: (() => void)[] = [];
  let isHeld = false;
  const listed = () =>
    new Map<number, ActualSchedule>(Array.from({ length: count }, (_, n) => [n + 1, schedule(n + 1)]));
  const answer = async <Answer>(name: string, value: Answer): Promise<Answer> => {
    asked.push(name);
    if (isHeld) await new Promise<void>((resolve) => answers.push(resolve));
    return value;
  };
  let time = 0;
  const view = createScheduleView({
    gateway: {
      list: (ids) => answer(ids ? `list ${ids.join()}` : 'list all', listed()),
      listFirst: () => answer('first', { schedules: listed(), isComplete: count <= most }),
      describe: (id) => answer(`describe ${id}`, schedule(id)),
    },
    now: () => time,
  });
  return {
    view,
    asked,
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

test('all who ask within a second share one question, and then it is asked anew', async () => {
  const { view, asked, pass } = createFake(3);
  const [first] = await Promise.all([view.all(), view.of([1]), view.find(2)]);
  expect(await view.all()).toBe(first);
  expect(asked).toEqual(['first']);
  pass(1_001);
  await view.all();
  expect(asked).toEqual(['first', 'first']);
});

test('what this process changes is not answered from before', async () => {
  const { view, asked, pass } = createFake(3);
  await view.all();
  pass(10);
  await view.watch(changing).apply({ id: 2 } as TaskConfig);
  pass(1);
  await view.all();
  expect(asked).toEqual(['first', 'first']);
  // It may not have shown yet: nothing of that time is kept, and the one that was changed is asked for alone.
  await view.all();
  await view.find(2);
  await view.find(1);
  expect(asked).toEqual(['first', 'first', 'first', 'describe 2', 'first']);
  pass(10_001);
  await view.find(2);
  await view.find(2);
  expect(asked.slice(5)).toEqual(['first']);
});

test('an answer that was under way when something changed is for those alone who waited for it', async () => {
  const { view, asked, pass, hold, release } = createFake(1);
  hold();
  const before = view.all();
  pass(5);
  await view.watch(changing).remove(1);
  pass(5);
  const after = view.all();
  release();
  await Promise.all([before, after]);
  expect(asked).toEqual(['first', 'first']);
});

test('where there are more than one call brings, a page asks for its own', async () => {
  const { view, asked } = createFake(5, 4);
  await view.of([7, 8]);
  await view.find(3);
  await view.all();
  await view.all();
  expect(asked).toEqual(['first', 'list 7,8', 'describe 3', 'list all']);
});

test('a failure is told to those who waited, and the next one asks again', async () => {
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

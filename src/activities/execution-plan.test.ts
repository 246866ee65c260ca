import { endOf, outcomeOf, planOf } from './execution-plan';
import type { TaskExecution } from '../storage/executions/task-execution';

const BEGAN = new Date('2030-01-02T00:00:00Z');
const row = (changes: Partial<TaskExecution>) =>
  ({
    id: 1,
    taskType: 'REDDIT_SCRAPE',
    timeoutSeconds: null,
    parameters: {},
    startedAt: BEGAN,
    ...changes,
  }) as unknown as TaskExecution;

test.each([
  ['REDDIT_SCRAPE', null, 86_400],
  ['REDDIT_SCRAPE', 200_000, 200_000],
  ['HEALTH_CHECK', null, null],
])('%s with the time limit %s ends after %s s', (taskType, timeoutSeconds, expected) => {
  expect(planOf(row({ taskType, timeoutSeconds }))).toMatchObject({ timeoutSeconds: expected });
});

test('a run whose config was deleted ends as cancelled, one of an unknown type as failed', () => {
  expect(planOf(row({ taskType: null }))).toMatchObject({
    kind: 'refused',
    outcome: { status: 'cancelled', errorType: 'ConfigDeleted' },
  });
  expect(planOf(row({ taskType: 'GONE' }))).toMatchObject({
    kind: 'refused',
    outcome: { status: 'failed', errorMessage: 'Unknown task type GONE' },
  });
});

test('a reset continues the work of the run that was reset, unless it had succeeded or is short', () => {
  const earlier = (status: TaskExecution['status']) => row({ status, startedAt: new Date('2030-01-01T00:00:00Z') });
  const startOf = (taskType: string, status: TaskExecution['status']) => {
    const plan = planOf(row({ taskType }), earlier(status));
    return plan.kind === 'run' && plan.startedAt;
  };
  expect(startOf('REDDIT_SCRAPE', 'terminated')).toBe('2030-01-01T00:00:00.000Z');
  expect(startOf('REDDIT_SCRAPE', 'succeeded')).toBe(BEGAN.toISOString());
  expect(startOf('HEALTH_CHECK', 'terminated')).toBe(BEGAN.toISOString());
});

test('what a row says of its end is what was written at its end', () => {
  const result = { posts: 3 };
  const end = endOf({ status: 'succeeded', result });
  expect(end).toMatchObject({ status: 'succeeded', result: { return_value: result } });
  expect(outcomeOf(row(end))).toMatchObject({ status: 'succeeded', result });
  const failure = { status: 'failed', errorMessage: 'no', errorTraceback: 'at x' } as const;
  const failed = endOf(failure);
  expect(failed.result).toBeNull();
  expect(outcomeOf(row(failed))).toMatchObject({ ...failure, result: null });
});

test('a row that has not ended has no outcome', () => {
  expect(() => outcomeOf(row({ status: 'running' }))).toThrow('still running');
});

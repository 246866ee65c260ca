import { planOf } from './execution-plan';
import type { TaskExecution } from '../storage/executions/task-execution';

const row = (taskType: string, timeoutSeconds: number | null) =>
  ({ id: 1, taskType, timeoutSeconds, parameters: {}, startedAt: new Date() }) as unknown as TaskExecution;

test.each([
  ['REDDIT_SCRAPE', null, 86_400],
  ['REDDIT_SCRAPE', 200_000, 200_000],
  ['HEALTH_CHECK', null, null],
])('%s with the time limit %s ends after %s s', (taskType, given, expected) => {
  expect(planOf(row(taskType, given))).toMatchObject({ timeoutSeconds: expected });
});

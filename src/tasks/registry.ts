import { cleanupExports } from './cleanup-exports';
import { dataExport } from './data-export';
import { healthCheck } from './health-check';
import { redditScrape } from './reddit-scrape';
import { testFailure } from './test-failure';
import { testShortTimeout, testTimeout } from './test-timeout';
import type { TaskType } from './task-type';

/** Everything Taskloom can do. Validation, enums, worker and statistics follow from this list. */
export const taskTypes: readonly TaskType[] = [redditScrape, dataExport, cleanupExports, healthCheck, testTimeout, testShortTimeout, testFailure];

const byName = new Map(taskTypes.map((taskType) => [taskType.name, taskType]));

export function findTaskType(name: string): TaskType | undefined {
  return byName.get(name);
}

import { cleanupContent } from './cleanup-content';
import { cleanupExecutions } from './cleanup-executions';
import { cleanupExports } from './cleanup-exports';
import { cleanupTokens } from './cleanup-tokens';
import { dataBackup } from './data-backup';
import { dataExport } from './data-export';
import { healthCheck } from './health-check';
import { misfitOf } from './parameter-fit';
import { redditDeletionSync } from './reddit-deletion-sync';
import { redditScrape } from './reddit-scrape';
import { sendEmail } from './send-email';
import { testFailure } from './test-failure';
import { testShortTimeout, testTimeout } from './test-timeout';
import { timeoutMonitor } from './timeout-monitor';
import type { TaskType } from './task-type';

/** Everything Taskloom can do. Validation, enums, worker and statistics follow from this list. */
export const taskTypes: readonly TaskType[] = [
  redditScrape,
  redditDeletionSync,
  dataExport,
  sendEmail,
  dataBackup,
  cleanupTokens,
  cleanupContent,
  cleanupExecutions,
  cleanupExports,
  healthCheck,
  timeoutMonitor,
  testTimeout,
  testShortTimeout,
  testFailure,
];

const byName = new Map(taskTypes.map((taskType) => [taskType.name, taskType]));

export function findTaskType(name: string): TaskType | undefined {
  return byName.get(name);
}

/** Checked parameters in the form in which configs and runs store them. */
export const storedParameters = (name: string, parameters: Record<string, unknown>): Record<string, unknown> =>
  findTaskType(name)?.toStored?.(parameters) ?? parameters;

/** Why a stored config of this type cannot run, in words for its owner; null when it can. */
export function findConfigError(name: string, parameters: Record<string, unknown>): string | null {
  const taskType = findTaskType(name);
  if (!taskType) return `Unknown task type ${name}`;
  const { error } = taskType.storedParameters.safeParse(parameters);
  return error ? misfitOf(taskType, error) : null;
}

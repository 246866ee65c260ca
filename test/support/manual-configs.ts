import { createTaskConfigRepository, type NewTaskConfig } from '../../src/storage/configs/task-config-repository';
import type { Database } from '../../src/platform/postgres/postgres';
import type { TaskConfig } from '../../src/storage/configs/task-config';

/** Stores a config that only runs when it is started. */
export const createManualConfig = (
  database: Database,
  config: Pick<NewTaskConfig, 'taskType'> & Partial<NewTaskConfig>,
): Promise<TaskConfig> =>
  createTaskConfigRepository(database).create({
    name: `config of ${config.taskType}`,
    description: null,
    schedulerType: 'manual',
    parameters: {},
    scheduleConfig: {},
    maxRetries: 0,
    timeoutSeconds: null,
    priority: 5,
    ...config,
  });

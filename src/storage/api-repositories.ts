import { createApiKeyRepository } from './api-key-repository';
import { createAuditRepository } from './audit-repository';
import { createDeletionSyncRepository } from './deletion-sync-repository';
import { createExecutionQueryRepository } from './execution-query-repository';
import { createExecutionRepository } from './execution-repository';
import { createExportRepository } from './export-repository';
import { createMetricsRepository } from './metrics-repository';
import { createPasswordResetRepository } from './password-reset-repository';
import { createRedditContentRepository } from './reddit-content-repository';
import { createScrapeLaneRepository } from './scrape-lane-repository';
import { createTaskConfigRepository } from './task-config-repository';
import { createUserRepository } from './user-repository';
import type { Database } from '../platform/postgres';

export type ApiRepositories = ReturnType<typeof createApiRepositories>;

/** All that the services of the API read and write. */
export const createApiRepositories = (database: Database) => ({
  users: createUserRepository(database),
  apiKeys: createApiKeyRepository(database),
  resets: createPasswordResetRepository(database),
  configs: createTaskConfigRepository(database),
  executions: createExecutionRepository(database),
  queries: createExecutionQueryRepository(database),
  content: createRedditContentRepository(database),
  audit: createAuditRepository(database),
  metrics: createMetricsRepository(database),
  exports: createExportRepository(database),
  lanes: createScrapeLaneRepository(database),
  deletions: createDeletionSyncRepository(database),
});

import { createApiKeyRepository } from './accounts/api-key-repository';
import { createAuditRepository } from './accounts/audit-repository';
import { createDeletionSyncRepository } from './reddit/deletion-sync-repository';
import { createExecutionQueryRepository } from './executions/execution-query-repository';
import { createExecutionRepository } from './executions/execution-repository';
import { createExportRepository } from './exports/export-repository';
import { createMetricsRepository } from './executions/metrics-repository';
import { createPasswordResetRepository } from './accounts/password-reset-repository';
import { createRetentionRepository } from './executions/retention-repository';
import { createRedditContentRepository } from './reddit/reddit-content-repository';
import { createScrapeLaneRepository } from './reddit/scrape-lane-repository';
import { createTaskConfigRepository } from './configs/task-config-repository';
import { createUserRepository } from './accounts/user-repository';
import type { Database } from '../platform/postgres/postgres';

export type ApiRepositories = ReturnType<typeof createApiRepositories>;

/** All that the services of the API read and write. */
export const createApiRepositories = (database: Database) => ({
  users: createUserRepository(database),
  apiKeys: createApiKeyRepository(database),
  resets: createPasswordResetRepository(database),
  configs: createTaskConfigRepository(database),
  executions: createExecutionRepository(database),
  queries: createExecutionQueryRepository(database),
  retention: createRetentionRepository(database),
  content: createRedditContentRepository(database),
  audit: createAuditRepository(database),
  metrics: createMetricsRepository(database),
  exports: createExportRepository(database),
  lanes: createScrapeLaneRepository(database),
  deletions: createDeletionSyncRepository(database),
});

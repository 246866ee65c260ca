import { createAuditRepository } from './accounts/audit-repository';
import { createPasswordResetRepository } from './accounts/password-reset-repository';
import { createStaggerRepository } from './configs/stagger-repository';
import { createTaskConfigRepository } from './configs/task-config-repository';
import { createExecutionRepository } from './executions/execution-repository';
import { createMailDeliveryRepository } from './executions/mail-delivery-repository';
import { createOverdueRunRepository } from './executions/overdue-run-repository';
import { createRetentionRepository } from './executions/retention-repository';
import { createScheduledRunRepository } from './executions/scheduled-run-repository';
import { createStepAttemptRepository } from './executions/step-attempt-repository';
import { createExportRepository } from './exports/export-repository';
import { createContentLanguageRepository } from './reddit/content-language-repository';
import { createDeletionSyncRepository } from './reddit/deletion-sync-repository';
import { createRedditContentRepository } from './reddit/reddit-content-repository';
import { createRedditScrapeRepository } from './reddit/reddit-scrape-repository';
import { createScrapeLaneRepository } from './reddit/scrape-lane-repository';
import type { Database } from '../platform/postgres/postgres';
import type { SubredditLanguages } from '../shared/content-languages';

export type WorkerRepositories = ReturnType<typeof createWorkerRepositories>;

/** All that the worker's activities read and write. */
export const createWorkerRepositories = (database: Database, languages: SubredditLanguages) => ({
  audit: createAuditRepository(database),
  resets: createPasswordResetRepository(database),
  configs: createTaskConfigRepository(database),
  staggers: createStaggerRepository(database),
  executions: createExecutionRepository(database),
  stepAttempts: createStepAttemptRepository(database),
  scheduledRuns: createScheduledRunRepository(database),
  deliveries: createMailDeliveryRepository(database),
  overdueRuns: createOverdueRunRepository(database),
  retention: createRetentionRepository(database),
  exports: createExportRepository(database),
  content: createRedditContentRepository(database, languages),
  contentLanguages: createContentLanguageRepository(database, languages),
  scrapes: createRedditScrapeRepository(database),
  deletions: createDeletionSyncRepository(database),
  lanes: createScrapeLaneRepository(database),
});

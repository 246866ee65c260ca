import { hostname } from 'node:os';
import { version } from '../../package.json';
import { createBackupFolder } from '../backups/backup-folder';
import { createBackups } from '../backups/write/create-backups';
import { createExports } from '../exports/create-exports';
import { createProcessWriter } from '../exports/process/process-writer';
import { backupFolder, fileStoreSettings, foreignVariables, type Config } from '../platform/config';
import { createFileStore } from '../platform/files/create-file-store';
import { createLastReconcile } from '../platform/last-reconcile';
import { createResetTokens } from '../platform/passwords/reset-tokens';
import { createRunSignatures } from '../platform/run-signatures';
import { connectClient } from '../platform/postgres/postgres-client';
import { createProbes } from '../platform/probes';
import { createReconcilePass } from '../scheduling/reconcile/reconcile-pass';
import { createResetMailReconciler } from '../scheduling/reconcile/reconcile-reset-mails';
import { createResetMails } from '../scheduling/temporal/reset-mails';
import { createZoneReconciler } from '../scheduling/reconcile/reconcile-zones';
import { createServerZones } from '../scheduling/temporal/server-zones';
import { createScheduleConvergence } from '../scheduling/temporal/schedule-convergence';
import { createSpentScheduleEnd } from '../scheduling/temporal/schedule-end';
import { createScheduledRunTeller } from '../scheduling/temporal/scheduled-run';
import { createWorkerRepositories, type WorkerRepositories } from '../storage/worker-repositories';
import { findConfigError } from '../tasks/registry';
import { createAuditRetention } from '../activities/audit-retention';
import { createLanguageFilling } from '../activities/content-languages';
import type { ActivityDeps } from '../activities/activity-deps';
import type { KeyValueStore } from '../platform/key-value-store/key-value-store';
import type { Logger } from '../platform/logger';
import type { Mailer } from '../platform/mail/mailer';
import type { Database } from '../platform/postgres/postgres';
import type { RedditClient } from '../platform/reddit/reddit-client';
import type { TemporalConnection } from '../platform/temporal';
import type { ScheduleGateway } from '../scheduling/temporal/schedule-gateway';

/** The open connections of the worker process. */
export interface WorkerConnections {
  config: Config;
  databaseUrl: string;
  database: Database;
  redis: KeyValueStore;
  temporal: TemporalConnection;
  gateway: ScheduleGateway;
  reddit: RedditClient;
  mailer: Mailer;
  log: Logger;
}

/** Everything that activities need, over the connections of the process. */
export function createActivityDeps(connections: WorkerConnections): ActivityDeps {
  const { config, database, redis, temporal, gateway, reddit, mailer, log } = connections;
  const repositories = createWorkerRepositories(database, config.REDDIT_SUBREDDIT_LANGUAGES);
  const { overdueRuns } = repositories;
  return {
    executions: repositories.executions,
    lanes: repositories.lanes,
    stepAttempts: repositories.stepAttempts,
    resets: repositories.resets,
    resetTokens: config.JWT_SECRET_KEY ? createResetTokens(config.JWT_SECRET_KEY) : undefined,
    mailer,
    frontendUrl: config.FRONTEND_URL,
    services: {
      reddit,
      content: repositories.content,
      scrapes: repositories.scrapes,
      deletions: repositories.deletions,
      exports: createExporter(connections, repositories),
      backups: createBackupService(connections),
      mailer,
      deliveries: repositories.deliveries,
      retention: repositories.retention,
      runs: { findOverdue: (query) => overdueRuns.find(query) },
      probes: createProbes({ database, redis, temporal: temporal.connection, reddit }),
    },
    signatures: config.JWT_SECRET_KEY ? createRunSignatures(config.JWT_SECRET_KEY) : undefined,
    tellScheduledRun: createScheduledRunTeller({
      configs: repositories.configs,
      runs: repositories.scheduledRuns,
      gateway,
    }),
    endSpentSchedule: createSpentScheduleEnd({
      configs: repositories.configs,
      convergence: createScheduleConvergence({ configs: repositories.configs, gateway }),
      log,
    }),
    log,
    workerIdentity: `${hostname()}:${process.pid}`,
    reconcile: createReconcile(connections, repositories),
  };
}

function createExporter({ config, databaseUrl }: WorkerConnections, repositories: WorkerRepositories) {
  const settings = fileStoreSettings(config);
  const files = createFileStore(settings);
  return createExports({
    writeFile: createProcessWriter({
      program: require.resolve('../exports/process/export-process'),
      settings: { databaseUrl, files: settings },
      env: foreignVariables(),
      files,
    }),
    records: repositories.exports,
    files,
    expiresInDays: config.EXPORT_EXPIRES_IN_DAYS,
  });
}

const createBackupService = ({ config, databaseUrl: url }: WorkerConnections) =>
  createBackups({
    folder: createBackupFolder(backupFolder(config)),
    url,
    connect: () => connectClient({ url, applicationName: 'taskloom-backup' }),
    taskloomVersion: version,
  });

/**
 * One reconcile pass: configs and schedules, mails of password resets, the removal of old audit entries, and the
 * languages of content.
 */
function createReconcile(
  { config, temporal, gateway, redis, log }: WorkerConnections,
  { configs, staggers, executions, resets, audit, contentLanguages }: WorkerRepositories,
): () => Promise<object> {
  const taskQueue = config.TEMPORAL_TASK_QUEUE;
  const workflowClient = temporal.client.workflow;
  const convergence = createScheduleConvergence({ configs, gateway });
  const reconciler = createReconcilePass({
    configs,
    staggers,
    startsPerSecond: config.TEMPORAL_STARTS_PER_SECOND,
    executions,
    gateway,
    convergence,
    workflowClient,
    taskQueue,
    log,
    findConfigError,
  });
  const reconcileResetMails = createResetMailReconciler({
    resets,
    resetMails: createResetMails({ client: temporal.client, taskQueue }),
    workflowClient,
  });
  const zones = createServerZones({ client: temporal.client.schedule });
  const reconcileZones = createZoneReconciler({ configs, gateway, convergence, zones, log });
  const removeOldEntries = createAuditRetention({ audit, days: config.AUDIT_RETENTION_DAYS });
  const fillLanguages = createLanguageFilling({ contentLanguages });
  const lastReconcile = createLastReconcile(redis);
  // Concurrently, so that an error in one does not keep the others from finishing.
  return async () => {
    const reports = await Promise.all([
      reconciler.run(),
      reconcileResetMails(),
      removeOldEntries(),
      reconcileZones(),
      fillLanguages(),
    ]);
    // Without the store, only the answer of the API about the last pass is missing.
    await lastReconcile.record().catch((error: unknown) => log.warn({ err: error }, 'a reconcile pass was not noted'));
    return { ...reports[0], ...reports[1], ...reports[2], ...reports[3], ...reports[4] };
  };
}

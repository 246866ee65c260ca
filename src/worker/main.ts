// First: it notes who started us.
import { stopWithNpm } from '../platform/startup/npm-watch';
import { hostname } from 'node:os';
import { NativeConnection, Runtime } from '@temporalio/worker';
import { version } from '../../package.json';
import { findConfigFault } from '../activities';
import { createBackupFolder } from '../backups/backup-folder';
import { createBackups } from '../backups/create-backups';
import { createExports } from '../exports/create-exports';
import { createProcessWriter } from '../exports/process/process-writer';
import { backupFolder, fileStoreSettings, foreignVariables, readConfig, smtpSettings } from '../platform/config';
import { createFileStore } from '../platform/files/create-file-store';
import { createLogger } from '../platform/logger';
import { createMailer, createMissingMailer } from '../platform/mail/mailer';
import { createDatabase } from '../platform/postgres/postgres';
import { connectClient } from '../platform/postgres/postgres-client';
import { createProbes } from '../platform/probes';
import { createRedditClient } from '../platform/reddit/snoowrap-client';
import { createRedditBudget } from '../platform/reddit-budget/reddit-budget';
import { createKeyValueStore } from '../platform/key-value-store/key-value-store';
import { createResetTokens } from '../platform/passwords/reset-tokens';
import { checkServers, requireDatabaseUrl } from '../platform/startup/start-checks';
import { showFailedStart } from '../platform/startup/start-error';
import { connectTemporal, temporalTarget } from '../platform/temporal';
import { createReconciler } from '../scheduling/reconcile/reconcile-pass';
import { createResetMailReconciler } from '../scheduling/reconcile/reconcile-reset-mails';
import { createResetMails } from '../scheduling/reconcile/reset-mails';
import { createScheduleConvergence } from '../scheduling/temporal/schedule-convergence';
import { createScheduleGateway } from '../scheduling/temporal/schedule-gateway';
import { createAuditRepository } from '../storage/accounts/audit-repository';
import { createDeletionSyncRepository } from '../storage/reddit/deletion-sync-repository';
import { createExecutionRepository } from '../storage/executions/execution-repository';
import { createExportRepository } from '../storage/exports/export-repository';
import { createMailDeliveryRepository } from '../storage/executions/mail-delivery-repository';
import { createOverdueRunRepository } from '../storage/executions/overdue-run-repository';
import { createPasswordResetRepository } from '../storage/accounts/password-reset-repository';
import { createRedditContentRepository } from '../storage/reddit/reddit-content-repository';
import { createRedditScrapeRepository } from '../storage/reddit/reddit-scrape-repository';
import { createRetentionRepository } from '../storage/executions/retention-repository';
import { createScrapeLaneRepository } from '../storage/reddit/scrape-lane-repository';
import { createStepAttemptRepository } from '../storage/executions/step-attempt-repository';
import { createTaskConfigRepository } from '../storage/configs/task-config-repository';
import { createAuditRetention } from './audit-retention';
import { createWorker } from './create-worker';
import { createTemporalLogger } from './temporal-logger';

/** The worker process: connects everything, serves until it is told to stop, hands on what it cannot finish. */
async function main(): Promise<void> {
  const config = readConfig();
  const log = createLogger({ name: 'worker', level: config.LOG_LEVEL });
  const url = requireDatabaseUrl(config, '`npm start` brings up a PostgreSQL of its own');
  if (!config.REDDIT_CLIENT_ID) log.warn('REDDIT_CLIENT_ID is not set: every task that asks Reddit will fail');
  const smtp = smtpSettings(config);
  if (!smtp) log.warn('SMTP_HOST is not set: no mails are sent');
  if (!config.JWT_SECRET_KEY) log.warn('JWT_SECRET_KEY is not set: the links of password resets cannot be mailed');

  const target = temporalTarget();
  await checkServers(config, url, target);
  Runtime.install({ shutdownSignals: [], logger: createTemporalLogger(log) });
  const database = createDatabase({ url, poolSize: config.DATABASE_POOL_SIZE, applicationName: 'taskloom-worker' });
  const redis = createKeyValueStore(config.REDIS_URL ?? url);
  const [temporal, connection] = await Promise.all([
    connectTemporal(target),
    NativeConnection.connect(target.connection),
  ]);
  const reddit = createRedditClient({
    budget: createRedditBudget({
      store: redis,
      clientId: config.REDDIT_CLIENT_ID ?? '',
      requestsPerMinute: config.REDDIT_REQUESTS_PER_MINUTE,
    }),
    clientId: config.REDDIT_CLIENT_ID ?? '',
    clientSecret: config.REDDIT_CLIENT_SECRET,
    userAgent: config.REDDIT_USER_AGENT,
    username: config.REDDIT_USERNAME,
    password: config.REDDIT_PASSWORD,
    oauthBaseUrl: config.REDDIT_OAUTH_BASE_URL,
    wwwBaseUrl: config.REDDIT_WWW_BASE_URL,
    isSandbox: config.REDDIT_IS_SANDBOX,
    requestTimeoutMs: config.REDDIT_REQUEST_TIMEOUT_SECONDS * 1_000,
    log,
  });

  const mailer = smtp ? createMailer(smtp) : createMissingMailer();
  const resets = createPasswordResetRepository(database);
  const configs = createTaskConfigRepository(database);
  const executions = createExecutionRepository(database);
  const fileStore = fileStoreSettings(config);
  const files = createFileStore(fileStore);
  const exporter = createExports({
    writeFile: createProcessWriter({
      program: require.resolve('../exports/process/export-process'),
      settings: { databaseUrl: url, files: fileStore },
      env: foreignVariables(),
      files,
    }),
    records: createExportRepository(database),
    files,
    expiresInDays: config.EXPORT_EXPIRES_IN_DAYS,
  });
  const backups = createBackups({
    folder: createBackupFolder(backupFolder(config)),
    url,
    connect: () => connectClient({ url, applicationName: 'taskloom-backup' }),
    taskloomVersion: version,
  });
  const gateway = createScheduleGateway({ client: temporal.client.schedule, taskQueue: config.TEMPORAL_TASK_QUEUE });
  const convergence = createScheduleConvergence({ configs, gateway });
  const reconciler = createReconciler({
    configs,
    executions,
    gateway,
    convergence,
    workflowClient: temporal.client.workflow,
    taskQueue: config.TEMPORAL_TASK_QUEUE,
    log,
    findConfigFault,
  });
  const removeOldEntries = createAuditRetention({
    audit: createAuditRepository(database),
    days: config.AUDIT_RETENTION_DAYS,
  });

  const resetMails = createResetMails({ client: temporal.client, taskQueue: config.TEMPORAL_TASK_QUEUE });
  const reconcileResetMails = createResetMailReconciler({
    resets,
    resetMails,
    workflowClient: temporal.client.workflow,
  });
  // Side by side: a fault of the one leaves the other's work done.
  const reconcile = async () =>
    Object.assign({}, ...(await Promise.all([reconciler.run(), reconcileResetMails(), removeOldEntries()]))) as object;

  const overdueRuns = createOverdueRunRepository(database);
  const worker = await createWorker({
    connection,
    namespace: target.namespace,
    taskQueue: config.TEMPORAL_TASK_QUEUE,
    limits: {
      maxActivities: config.WORKER_MAX_ACTIVITIES,
      maxWorkflowTasks: config.WORKER_MAX_WORKFLOW_TASKS,
      shutdownGraceSeconds: config.WORKER_SHUTDOWN_GRACE_SECONDS,
    },
    activities: {
      executions,
      lanes: createScrapeLaneRepository(database),
      stepAttempts: createStepAttemptRepository(database),
      resets,
      resetTokens: config.JWT_SECRET_KEY ? createResetTokens(config.JWT_SECRET_KEY) : undefined,
      mailer,
      frontendUrl: config.FRONTEND_URL,
      services: {
        reddit,
        content: createRedditContentRepository(database),
        scrapes: createRedditScrapeRepository(database),
        deletions: createDeletionSyncRepository(database),
        exports: exporter,
        backups,
        mailer,
        deliveries: createMailDeliveryRepository(database),
        retention: createRetentionRepository(database),
        runs: { findOverdue: (query) => overdueRuns.find(query) },
        probes: createProbes({ database, redis, temporal: temporal.connection, reddit }),
      },
      log,
      workerIdentity: `${hostname()}:${process.pid}`,
      reconcile,
    },
  });

  const stop = () => {
    if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  process.once('SIGTERM', stop).once('SIGINT', stop).once('disconnect', stop);
  stopWithNpm(stop);

  const running = worker.run();
  log.info(
    {
      temporal: target.address,
      namespace: target.namespace,
      taskQueue: config.TEMPORAL_TASK_QUEUE,
      reddit: reddit.isSandbox ? 'sandbox' : 'reddit',
    },
    'worker is ready',
  );
  process.send?.('ready');
  // What a crash left apart is repaired now, and by the schedule from then on.
  const repaired = reconcile().then(
    (report) => log.info({ report }, 'reconciled at boot'),
    (error: unknown) => log.error({ err: error }, 'reconciling at boot failed; the schedule will try again'),
  );
  await gateway.ensureReconcileSchedule();
  await running;
  await repaired;
  mailer.close();
  await Promise.allSettled([connection.close(), temporal.close(), redis.close(), database.destroy()]);
  log.info('worker has stopped');
  // The channel to npm start would keep the process alive.
  if (process.connected) process.disconnect();
}

main().catch((error: unknown) => {
  showFailedStart(error);
  process.exit(1);
});

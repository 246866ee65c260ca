// First: it notes who started us.
import { stopWithNpm } from '../platform/npm-watch';
import { hostname } from 'node:os';
import { NativeConnection, Runtime } from '@temporalio/worker';
import { createExports } from '../exports/create-exports';
import { readConfig } from '../platform/config';
import { createFileStore } from '../platform/files/create-file-store';
import { createLogger } from '../platform/logger';
import { createDatabase } from '../platform/postgres';
import { createProbes } from '../platform/probes';
import { createRedditClient } from '../platform/reddit/snoowrap-client';
import { createKeyValueStore } from '../platform/redis';
import { checkServers, requireDatabaseUrl } from '../platform/start-checks';
import { showFailedStart } from '../platform/start-error';
import { connectTemporal, temporalTarget } from '../platform/temporal';
import { createReconciler } from '../scheduling/reconcile';
import { createScheduleConvergence } from '../scheduling/schedule-convergence';
import { createScheduleGateway } from '../scheduling/schedule-gateway';
import { createExecutionRepository } from '../storage/execution-repository';
import { createExportRepository } from '../storage/export-repository';
import { createExportSourceRepository } from '../storage/export-source-repository';
import { createRedditContentRepository } from '../storage/reddit-content-repository';
import { createTaskConfigRepository } from '../storage/task-config-repository';
import { createWorker } from './create-worker';
import { createTemporalLogger } from './temporal-logger';

/** The worker process: connects everything, serves until it is told to stop, hands on what it cannot finish. */
async function main(): Promise<void> {
  const config = readConfig();
  const log = createLogger({ name: 'worker', level: config.LOG_LEVEL });
  const url = requireDatabaseUrl(config, '`npm start` brings up a PostgreSQL of its own');
  if (!config.REDDIT_CLIENT_ID) log.warn('REDDIT_CLIENT_ID is not set: every task that asks Reddit will fail');

  const target = temporalTarget();
  await checkServers(config, url, target);
  Runtime.install({ shutdownSignals: [], logger: createTemporalLogger(log) });
  const database = createDatabase({ url, poolSize: config.DATABASE_POOL_SIZE, applicationName: 'taskloom-worker' });
  const redis = createKeyValueStore(config.REDIS_URL ?? 'memory://');
  const [temporal, connection] = await Promise.all([connectTemporal(target), NativeConnection.connect(target.connection)]);
  const reddit = createRedditClient({
    clientId: config.REDDIT_CLIENT_ID ?? '',
    clientSecret: config.REDDIT_CLIENT_SECRET,
    userAgent: config.REDDIT_USER_AGENT,
    username: config.REDDIT_USERNAME,
    password: config.REDDIT_PASSWORD,
    oauthBaseUrl: config.REDDIT_OAUTH_BASE_URL,
    wwwBaseUrl: config.REDDIT_WWW_BASE_URL,
    isSandbox: config.REDDIT_IS_SANDBOX,
    log,
  });

  const configs = createTaskConfigRepository(database);
  const executions = createExecutionRepository(database);
  const exporter = createExports({
    sources: createExportSourceRepository(database),
    records: createExportRepository(database),
    files: createFileStore(config),
    expiresInDays: config.EXPORT_EXPIRES_IN_DAYS,
  });
  const gateway = createScheduleGateway({ client: temporal.client.schedule, taskQueue: config.TEMPORAL_TASK_QUEUE });
  const convergence = createScheduleConvergence({ configs, gateway });
  const reconciler = createReconciler({ configs, executions, gateway, convergence, workflowClient: temporal.client.workflow, taskQueue: config.TEMPORAL_TASK_QUEUE, log });

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
      services: { reddit, content: createRedditContentRepository(database), exports: exporter, probes: createProbes({ database, redis, temporal: temporal.connection, reddit }) },
      log,
      workerIdentity: `${hostname()}:${process.pid}`,
      reconcile: () => reconciler.run(),
    },
  });

  const stop = () => {
    if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  process.once('SIGTERM', stop).once('SIGINT', stop).once('disconnect', stop);
  stopWithNpm(stop);

  const running = worker.run();
  log.info({ temporal: target.address, namespace: target.namespace, taskQueue: config.TEMPORAL_TASK_QUEUE, reddit: reddit.isSandbox ? 'sandbox' : 'reddit' }, 'worker is ready');
  process.send?.('ready');
  // What a crash left apart is repaired now, and by the schedule from then on.
  const repaired = reconciler.run().then(
    (report) => log.info({ report }, 'reconciled at boot'),
    (error: unknown) => log.error({ err: error }, 'reconciling at boot failed; the schedule will try again'),
  );
  await gateway.ensureReconcileSchedule();
  await running;
  await repaired;
  await Promise.allSettled([connection.close(), temporal.close(), redis.close(), database.destroy()]);
  log.info('worker has stopped');
  // The channel to npm start would keep the process alive.
  if (process.connected) process.disconnect();
}

main().catch((error: unknown) => {
  showFailedStart(error);
  process.exit(1);
});

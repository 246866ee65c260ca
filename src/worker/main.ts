// First: the module notes the parent process when it is loaded.
import { stopWithNpm } from '../platform/startup/npm-watch';
import { NativeConnection, Runtime } from '@temporalio/worker';
import { readConfig, smtpSettings, type Config } from '../platform/config';
import { createKeyValueStore } from '../platform/key-value-store/create-key-value-store';
import type { KeyValueStore } from '../platform/key-value-store/key-value-store';
import { createLogger, type Logger } from '../platform/logger';
import { createMailer, createMissingMailer } from '../platform/mail/mailer';
import { createDatabase } from '../platform/postgres/postgres';
import { createRedditClient } from '../platform/reddit/snoowrap-client';
import { createRedditBudget } from '../platform/reddit-budget/reddit-budget';
import { checkServers, requireDatabaseUrl } from '../platform/startup/start-checks';
import { showFailedStart, StartError } from '../platform/startup/start-error';
import { connectTemporal, temporalTarget } from '../platform/temporal';
import { setDefaultSubreddits } from '../tasks/reddit-scrape/subreddit-names';
import { createScheduleGateway } from '../scheduling/temporal/schedule-gateway';
import { createActivityDeps } from './create-activity-deps';
import { createWorker } from './create-worker';
import { keepReconcileSchedule } from './reconcile-schedule-keeper';
import { createTemporalLogger } from './temporal-logger';

/** The worker process: connects, runs activities and workflows until it is told to stop, then shuts down gracefully. */
async function main(): Promise<void> {
  const config = readConfig();
  const log = createLogger({ name: 'worker', level: config.LOG_LEVEL });
  const fault = setDefaultSubreddits(config.REDDIT_DEFAULT_SUBREDDITS);
  if (fault) throw new StartError(`REDDIT_DEFAULT_SUBREDDITS: ${fault}`);
  const databaseUrl = requireDatabaseUrl(config, '`npm start` brings up a PostgreSQL of its own');
  warnOfMissingSettings(config, log);

  const target = temporalTarget();
  await checkServers(config, databaseUrl, target);
  Runtime.install({ shutdownSignals: [], logger: createTemporalLogger(log) });
  const database = createDatabase({
    url: databaseUrl,
    poolSize: config.DATABASE_POOL_SIZE,
    applicationName: 'taskloom-worker',
  });
  const redis = createKeyValueStore(config.REDIS_URL ?? databaseUrl);
  const [temporal, connection] = await Promise.all([
    connectTemporal(target),
    NativeConnection.connect(target.connection),
  ]);
  const taskQueue = config.TEMPORAL_TASK_QUEUE;
  const gateway = createScheduleGateway({ client: temporal.client.schedule, taskQueue });
  const reddit = connectReddit(config, redis, log);
  const smtp = smtpSettings(config);
  const mailer = smtp ? createMailer(smtp) : createMissingMailer();
  const activities = createActivityDeps({
    config,
    databaseUrl,
    database,
    redis,
    temporal,
    gateway,
    reddit,
    mailer,
    log,
  });
  const worker = await createWorker({
    connection,
    namespace: target.namespace,
    taskQueue,
    limits: {
      maxActivities: config.WORKER_MAX_ACTIVITIES,
      maxWorkflowTasks: config.WORKER_MAX_WORKFLOW_TASKS,
      shutdownGraceSeconds: config.WORKER_SHUTDOWN_GRACE_SECONDS,
    },
    activities,
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
      taskQueue,
      reddit: reddit.isSandbox ? 'sandbox' : 'reddit',
    },
    'worker is ready',
  );
  process.send?.('ready');
  // The first pass repairs what a crash left inconsistent; the schedule starts all later ones.
  const reconciled = activities.reconcile().then(
    (report) => log.info({ report }, 'reconciled at boot'),
    (error: unknown) => log.error({ err: error }, 'reconciling at boot failed; the schedule will try again'),
  );
  await gateway.ensureReconcileSchedule();
  const stopKeeping = keepReconcileSchedule({ gateway, log });
  await running;
  stopKeeping();
  await reconciled;
  mailer.close();
  await Promise.allSettled([connection.close(), temporal.close(), redis.close(), database.destroy()]);
  log.info('worker has stopped');
  // The open channel to npm start would keep the process alive.
  if (process.connected) process.disconnect();
}

function warnOfMissingSettings(config: Config, log: Logger): void {
  if (!config.REDDIT_CLIENT_ID) log.warn('REDDIT_CLIENT_ID is not set: every task that asks Reddit will fail');
  if (!config.SMTP_HOST) log.warn('SMTP_HOST is not set: no mails are sent');
  if (!config.JWT_SECRET_KEY)
    log.warn(
      'JWT_SECRET_KEY is not set: no link of a password reset is mailed, and runs do not tell who asked for them',
    );
}

const connectReddit = (config: Config, store: KeyValueStore, log: Logger) =>
  createRedditClient({
    budget: createRedditBudget({
      store,
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

main().catch((error: unknown) => {
  showFailedStart(error);
  process.exit(1);
});

// Must be the first import: it records the parent process before anything else runs.
import { stopWithNpm } from '../platform/startup/npm-watch';
import { version } from '../../package.json';
import { fileStoreSettings, readConfig } from '../platform/config';
import { createFileStore } from '../platform/files/create-file-store';
import { createLogger } from '../platform/logger';
import { passwords } from '../platform/passwords/password-hash';
import { createDatabase } from '../platform/postgres/postgres';
import { createRedditBudget } from '../platform/reddit-budget/reddit-budget';
import { createLastReconcile } from '../platform/last-reconcile';
import { createKeyValueStore } from '../platform/key-value-store/create-key-value-store';
import { checkServers, requireDatabaseUrl } from '../platform/startup/start-checks';
import { createResetTokens } from '../platform/passwords/reset-tokens';
import { createRunSignatures } from '../platform/run-signatures';
import { reasonOf } from '../platform/startup/error-texts';
import { showFailedStart, StartError } from '../platform/startup/start-error';
import { connectTemporal, temporalTarget, temporalUiLink } from '../platform/temporal';
import { setDefaultSubreddits } from '../tasks/reddit-scrape/subreddit-names';
import { createApiRepositories } from '../storage/api-repositories';
import { createApp } from './app';
import { requestLogFields } from './plugins/request-logging';
import { REDIS_TIMEOUT_MS, withTimeout } from './concurrency/with-timeout';
import { createServices } from './services/create-services';

/** For closing the connections to the stores. With the 8 s of the server it stays below the 15 s of `npm start`. */
const CLOSE_STORES_WITHIN_MS = 3_000;

/** The HTTP process: connects everything, listens until it is told to stop, and finishes the requests in progress. */
async function main(): Promise<void> {
  const config = readConfig();
  const log = createLogger({ name: 'api', level: config.LOG_LEVEL, context: requestLogFields });
  const fault = setDefaultSubreddits(config.REDDIT_DEFAULT_SUBREDDITS);
  if (fault) throw new StartError(`REDDIT_DEFAULT_SUBREDDITS: ${fault}`);
  const url = requireDatabaseUrl(config, '`npm start` brings up a PostgreSQL of its own');
  if (!config.JWT_SECRET_KEY) throw new StartError('JWT_SECRET_KEY is not set; `npm start` makes one and keeps it');

  const target = temporalTarget();
  await checkServers(config, url, target);
  const temporal = await connectTemporal(target);
  const database = createDatabase({ url, poolSize: config.DATABASE_POOL_SIZE, applicationName: 'taskloom-api' });
  const store = createKeyValueStore(config.REDIS_URL ?? url, { answerWithinMs: REDIS_TIMEOUT_MS });
  if (!config.REDIS_URL) log.info('REDIS_URL is not set: sessions are kept in PostgreSQL');

  const services = createServices({
    repositories: createApiRepositories(database),
    store,
    temporal: {
      client: temporal.client,
      taskQueue: config.TEMPORAL_TASK_QUEUE,
      hasOurZones: config.TEMPORAL_HAS_OUR_ZONES,
      linkToRun: (workflowId, runId) => temporalUiLink(config.TEMPORAL_UI_URL, temporal.namespace, workflowId, runId),
    },
    passwords,
    auth: {
      secret: config.JWT_SECRET_KEY,
      accessMinutes: config.ACCESS_TOKEN_EXPIRE_MINUTES,
      refreshDays: config.REFRESH_TOKEN_EXPIRE_DAYS,
      areSeveralSessionsAllowed: config.MULTIPLE_SESSIONS,
      areAttemptsLimited: config.LIMIT_ATTEMPTS,
    },
    resetTokens: createResetTokens(config.JWT_SECRET_KEY),
    signatures: createRunSignatures(config.JWT_SECRET_KEY),
    lastReconcile: createLastReconcile(store),
    reddit: {
      isSandbox: config.REDDIT_IS_SANDBOX,
      requestsPerMinute: config.REDDIT_REQUESTS_PER_MINUTE,
      budget: createRedditBudget({
        store,
        clientId: config.REDDIT_CLIENT_ID ?? '',
        requestsPerMinute: config.REDDIT_REQUESTS_PER_MINUTE,
      }),
    },
    files: createFileStore(fileStoreSettings(config)),
    log,
  });
  const app = await createApp(services, {
    logger: log,
    corsOrigins: config.BACKEND_CORS_ORIGINS,
    metricsToken: config.METRICS_TOKEN,
    trustedProxies: config.TRUSTED_PROXIES,
    version,
  });
  const closeAll = () => Promise.allSettled([temporal.close(), store.close(), database.destroy()]);

  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= (async () => {
      await app.close();
      // A query that waits for a lock would block the closing of its pool for ever. Its transaction is rolled back.
      await withTimeout(
        CLOSE_STORES_WITHIN_MS,
        Promise.all([services.resets.settle(), services.apiKeyAuthenticator.settle()]).then(closeAll),
      );
      log.info('api has stopped');
      // The listener for 'disconnect' keeps the IPC channel to the parent, and so this process, alive.
      if (process.connected) process.disconnect();
    })().catch((error: unknown) => {
      log.error({ err: error }, 'api did not stop in order');
      process.exit(1);
    });
  };
  process.once('SIGTERM', stop).once('SIGINT', stop).once('disconnect', stop);
  stopWithNpm(stop);

  try {
    const address = await app.listen({ host: config.HOST, port: config.PORT });
    log.info({ address }, 'api is ready');
    process.send?.('ready');
  } catch (error) {
    await closeAll();
    throw new StartError(`HOST, PORT: the API cannot listen on ${config.HOST}:${config.PORT}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

main().catch((error: unknown) => {
  showFailedStart(error);
  process.exit(1);
});

import path from 'node:path';
import { createDatabase, migrate, type Database } from '../platform/postgres/postgres';
import { connectTemporal, registerSearchAttributes, temporalTarget } from '../platform/temporal';
import { startAppProcess, type AppProcess } from './processes/app-process';
import { createDemoConfig } from './demo-config';
import { ensureFirstSuperuser, type FirstSuperuser } from './first-superuser';
import { startMail } from './servers/mail-service';
import { startPostgres } from './servers/postgres-service';
import { startReddit } from './servers/reddit-service';
import { startRedis } from './servers/redis-service';
import { reasonOf } from '../platform/startup/error-texts';
import type { StartError } from '../platform/startup/start-error';
import type { StackContext, StackService, StartService } from './servers/stack-service';
import { runSteps } from './steps';
import type { StackSummary } from './summary-table';
import { supervise } from './processes/supervised-service';
import { startTemporal } from './servers/temporal-service';

/** The parts of the stack in the order in which they stop: each part stops before the parts that it uses. */
const STOP_ORDER = ['API', 'worker', 'Temporal', 'Mail', 'Reddit', 'Redis', 'PostgreSQL'] as const;
type Part = (typeof STOP_ORDER)[number];

const SERVICES: Record<Exclude<Part, 'API' | 'worker'>, StartService> = {
  PostgreSQL: startPostgres,
  Temporal: startTemporal,
  Redis: startRedis,
  Reddit: startReddit,
  Mail: startMail,
};

export interface Stack {
  start(apiUrl: string): Promise<StackSummary>;
  /** Stops the parts that have been started so far, in STOP_ORDER. */
  stop: () => Promise<void>;
  /** Migrates the database and restarts API and worker, which then run the code of the latest build. */
  restartApps(): Promise<void>;
  /** Kills API and worker instead of waiting until they have finished their work. */
  hurry(): void;
}

export interface StackOptions {
  context: StackContext;
  /** API and worker are restarted after any number of crashes, because the next change of the code may mend them. */
  isDevelopment: boolean;
  /** Called when a part fails to start, so that the others can stop starting. */
  abort: () => void;
  /** Called when a running part has ended and restarts do not help. */
  onFailure: (error: StartError) => void;
}

export function createStack(options: StackOptions): Stack {
  const { context, isDevelopment, abort, onFailure } = options;
  const { config, signal } = context;
  const parts = new Map<Part, Pick<AppProcess, 'stop'> & Partial<Pick<AppProcess, 'kill' | 'restart'>>>();
  let databaseUrl = '';
  let restarts = Promise.resolve();

  async function startServices(): Promise<Map<Part, StackService>> {
    const steps = Object.entries(SERVICES).map(([name, start]) => ({
      title: name,
      run: async (report: (text: string) => void) => {
        const begin = (say: (text: string) => void) => start(context, say);
        const service = supervise(await begin(report), () => begin(() => undefined), onFailure);
        parts.set(name as Part, service);
        return { outcome: service.summary, result: [name as Part, service] as const };
      },
    }));
    return new Map(await runSteps(steps, abort));
  }

  async function prepareStores(env: NodeJS.ProcessEnv, services: Map<Part, StackService>): Promise<FirstSuperuser> {
    const migrateDatabase = () =>
      withDatabase(databaseUrl, async (database) => {
        const names = await migrate(database);
        const superuser = await ensureFirstSuperuser(database, config, {
          mayGenerate: services.get('PostgreSQL')?.isEmbedded === true,
          unshown: context.state.values.unshownPassword,
          keepPassword: (password) => {
            context.state.values.unshownPassword = password;
            context.state.save();
          },
        });
        return { outcome: names.length === 0 ? 'up to date' : `ran ${names.length} migrations`, result: superuser };
      });
    const registerAttributes = async () => {
      const temporal = await connectTemporal(temporalTarget(env));
      await registerSearchAttributes(temporal.connection, temporal.namespace).finally(() => temporal.close());
      return { outcome: 'registered', result: undefined };
    };
    const [superuser] = await runSteps<FirstSuperuser | undefined>(
      [
        { title: 'Database schema', run: migrateDatabase },
        { title: 'Search attributes', run: registerAttributes },
      ],
      abort,
    );
    return superuser ?? { kind: 'missing' };
  }

  async function startApps(env: NodeJS.ProcessEnv): Promise<void> {
    const apps = [
      { name: 'API', entry: '../api/server.js', graceMs: 15_000 },
      { name: 'worker', entry: '../worker/main.js', graceMs: (config.WORKER_SHUTDOWN_GRACE_SECONDS + 5) * 1_000 },
    ] as const;
    const begin = async ({
      name,
      entry,
      graceMs,
    }: (typeof apps)[number]): Promise<{ outcome: string; result: AppProcess }> => {
      const app = await startAppProcess({
        name,
        entry: path.join(__dirname, entry),
        env,
        graceMs,
        signal,
        logFile: path.join(context.logFolder, `${name.toLowerCase()}.log`),
        ...(isDevelopment && { maxCrashes: Infinity }),
      });
      parts.set(name, app);
      void app.gaveUp.then(onFailure);
      return { outcome: 'ready', result: app };
    };
    await runSteps(
      apps.map((app) => ({ title: app.name, run: () => begin(app) })),
      abort,
    );
  }

  return {
    async start(apiUrl) {
      const services = await startServices();
      signal.throwIfAborted();
      const env = appEnvironment(context, services, apiUrl);
      databaseUrl = env.DATABASE_URL ?? '';
      const superuser = await prepareStores(env, services);
      signal.throwIfAborted();
      await startApps(env);
      const reddit = services.get('Reddit');
      if (reddit?.isEmbedded && superuser.kind === 'created') {
        await createDemoConfig(apiUrl, superuser, reddit.demoSubreddits ?? []).catch((error: unknown) =>
          console.error(`The demo config could not be made: ${reasonOf(error)}`),
        );
      }
      return {
        apiUrl,
        temporalUiUrl: env.TEMPORAL_UI_URL,
        logFolder: context.logFolder,
        superuser,
        mail: services.get('Mail')?.url ?? config.SMTP_HOST ?? '',
        reddit: describeReddit(context, env, reddit),
      };
    },
    restartApps() {
      restarts = restarts.then(async () => {
        const ran = await withDatabase(databaseUrl, migrate).catch((error: unknown) =>
          console.error(`The database was not migrated: ${reasonOf(error)}`),
        );
        if (ran?.length) console.log(`Database schema: ran ${ran.join(', ')}`);
        await Promise.all([...parts.values()].map(async (part) => part.restart?.()));
      });
      return restarts;
    },
    async stop() {
      for (const name of STOP_ORDER) {
        const part = parts.get(name);
        parts.delete(name);
        await part?.stop().catch((error: unknown) => console.error(`${name} does not stop: ${reasonOf(error)}`));
      }
    },
    hurry: () => parts.forEach((part) => part.kill?.()),
  };
}

function describeReddit({ config }: StackContext, env: NodeJS.ProcessEnv, service: StackService | undefined): string {
  if (!service?.isEmbedded) return env.REDDIT_OAUTH_BASE_URL ?? 'https://oauth.reddit.com';
  return `SANDBOX: ${config.REDDIT_SANDBOX_RECORDINGS ? 'recorded' : 'made-up'} content`;
}

async function withDatabase<Result>(url: string, work: (database: Database) => Promise<Result>): Promise<Result> {
  const database = createDatabase({ url, poolSize: 1, applicationName: 'taskloom-stack' });
  try {
    return await work(database);
  } finally {
    await database.destroy();
  }
}

function appEnvironment(
  { env, config, home, state }: StackContext,
  services: Map<Part, StackService>,
  apiUrl: string,
): NodeJS.ProcessEnv {
  const ofServices = Object.assign({}, ...[...services.values()].map((service) => service.env)) as NodeJS.ProcessEnv;
  return {
    ...env,
    ...ofServices,
    TASKLOOM_HOME: home,
    PORT: new URL(apiUrl).port,
    JWT_SECRET_KEY: config.JWT_SECRET_KEY ?? state.values.jwtSecret,
    ADMIN_PASSWORD: undefined,
  };
}

import { randomBytes, randomUUID } from 'node:crypto';
import pino from 'pino';
import { createApp, type AppOptions } from '../../src/api/app';
import { REDIS_TIMEOUT_MS } from '../../src/api/concurrency/with-timeout';
import { createServices } from '../../src/api/services/create-services';
import { createLocalFileStore } from '../../src/platform/files/local-file-store';
import { hashPassword, passwords } from '../../src/platform/passwords/password-hash';
import { createRedditBudget } from '../../src/platform/reddit-budget/reddit-budget';
import { createLastReconcile } from '../../src/platform/last-reconcile';
import { createKeyValueStore } from '../../src/platform/key-value-store/create-key-value-store';
import { createResetTokens } from '../../src/platform/passwords/reset-tokens';
import { temporalUiLink, type TemporalConnection } from '../../src/platform/temporal';
import { createApiRepositories } from '../../src/storage/api-repositories';
import { SECRET, signatures } from './run-signatures';
import { connectTestTemporal } from './task-worker';
import { createTestDatabase, type TestDatabase } from './test-database';
import { testServices } from './test-services';
import type { FileStore } from '../../src/platform/files/file-store';
import type { Database } from '../../src/platform/postgres/postgres';

export { SECRET };
export const PASSWORD = 'correct horse';
export const UI_URL = 'http://ui.example';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';
export type TestApi = Awaited<ReturnType<typeof createTestApi>>;

/** The run's store with a key prefix of the database, because every test database counts its users from 1. */
export async function storeUrlOf(database: Database): Promise<string> {
  const { redisUrl, postgresStoreUrl } = testServices();
  const { rows } = await database.raw<{ rows: { name: string }[] }>('select current_database() as name');
  const [name] = rows.map((row) => row.name);
  return redisUrl ? `${redisUrl}?keyPrefix=${name}:` : postgresStoreUrl.replace(/[^/]+$/, name ?? '');
}

let hashedPassword: Promise<string> | undefined;

export interface TestApiOptions {
  database: Database;
  temporal: TemporalConnection;
  taskQueue?: string;
  storeUrl?: string;
  /** The API waits for the store as long as in production, unless this says otherwise. */
  store?: { answerWithinMs: number };
  isSandbox?: boolean;
  hasOurZones?: boolean;
  log?: pino.Logger;
  files?: FileStore;
  areSeveralSessionsAllowed?: boolean;
  areAttemptsLimited?: boolean;
  app?: Partial<AppOptions>;
}

/** The whole API over real servers, with an admin (id 1), a user without a role (id 2) and an inactive one (id 3). */
export async function createTestApi(options: TestApiOptions) {
  const { database, temporal } = options;
  const store = createKeyValueStore(options.storeUrl ?? (await storeUrlOf(database)), {
    answerWithinMs: REDIS_TIMEOUT_MS,
    ...options.store,
  });
  const log = options.log ?? pino({ level: process.env['API_LOG'] ?? 'silent' });
  const resetTokens = createResetTokens(SECRET);
  const budget = createRedditBudget({ store, clientId: randomUUID(), requestsPerMinute: 100 });
  const services = createServices({
    repositories: createApiRepositories(database),
    store,
    temporal: {
      client: temporal.client,
      taskQueue: options.taskQueue ?? 'nobody-serves-this',
      hasOurZones: options.hasOurZones,
      linkToRun: (workflowId, runId) => temporalUiLink(UI_URL, temporal.namespace, workflowId, runId),
    },
    passwords,
    auth: {
      secret: SECRET,
      accessMinutes: 30,
      refreshDays: 7,
      areSeveralSessionsAllowed: options.areSeveralSessionsAllowed ?? true,
      areAttemptsLimited: options.areAttemptsLimited ?? false,
    },
    resetTokens,
    signatures,
    lastReconcile: createLastReconcile(store),
    reddit: { isSandbox: options.isSandbox ?? true, requestsPerMinute: 100, budget },
    files: options.files ?? createLocalFileStore('/nonexistent'),
    log,
  });
  const hashed_password = await (hashedPassword ??= hashPassword(PASSWORD));
  const user = (username: string, more: object) => ({
    username,
    email: `${username}@example.com`,
    hashed_password,
    full_name: null,
    age: null,
    ...more,
  });
  const rows = [user('root', { role: 'admin' }), user('user', {}), user('idle', { is_active: false })];
  const ids = await database('users')
    .insert(rows)
    .onConflict('username')
    .merge()
    .returning<{ id: number; session_version: number }[]>(['id', 'session_version']);
  const app = await createApp(services, { version: '0.0.0', logger: log, areResponsesValidated: true, ...options.app });
  const signIn = async (user: { id: number; session_version: number }) => {
    const pair = services.sessions.start(
      { id: user.id, sessionVersion: user.session_version },
      { address: '127.0.0.1', userAgent: 'tests' },
      600,
      app.tokens,
    );
    // Without a reachable store there are no sessions, only tokens.
    return pair
      .then(({ access_token }) => access_token)
      .catch(() => app.tokens.issue(user.id, 'access_token', 600, 'no session').token);
  };
  const tokens = await Promise.all(ids.map(signIn));

  const as =
    (token: string | undefined) =>
    async (method: Method, path: string, body?: object, headers: Record<string, string> = {}) => {
      const response = await app.inject({
        method,
        url: path.startsWith('/api') || !path.startsWith('/') ? path : `/api/v1${path}`,
        headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
        ...(body === undefined ? {} : { payload: body }),
      });
      const isJson = response.body !== '' && String(response.headers['content-type']).includes('json');
      // Tests read answers of any shape.
      // eslint-disable-next-line @typescript-eslint/no-explicit-any
      const json = isJson ? response.json<any>() : undefined;
      return { status: response.statusCode, body: json, headers: response.headers, text: response.body };
    };

  return {
    app,
    /** The Reddit budget of this API alone. */
    budget,
    services,
    userIds: ids.map(({ id }) => id),
    /** Access tokens, in the order of the users. */
    tokens,
    /** Starts a session and returns its access token. */
    signIn,
    resetTokens,
    root: as(tokens[0]),
    user: as(tokens[1]),
    idle: as(tokens[2]),
    anonymous: as(undefined),
    withToken: as,
    async close() {
      await app.close();
      await services.apiKeyAuthenticator.settle();
      await store.close();
    },
  };
}

type TestStackOptions = Omit<TestApiOptions, 'database' | 'temporal'> & { connect?: () => Promise<TemporalConnection> };

export interface TestStack {
  db: TestDatabase;
  temporal: TemporalConnection;
  api: TestApi;
}

/**
 * Starts an API over its own database before each test of the file (or describe), or once for all of them, and passes
 * it to `use`. `connect` replaces the connection to the Temporal namespace that all tests share.
 */
export function useTestApi(
  each: 'test' | 'file',
  use: (stack: TestStack) => void,
  { connect = connectTestTemporal, ...options }: TestStackOptions = {},
): void {
  let temporal: TemporalConnection | undefined;
  let stack: TestStack | undefined;
  (each === 'test' ? beforeEach : beforeAll)(async () => {
    temporal ??= await connect();
    const db = await createTestDatabase();
    stack = { db, temporal, api: await createTestApi({ ...options, database: db.database, temporal }) };
    use(stack);
  });
  (each === 'test' ? afterEach : afterAll)(async () => {
    await stack?.api.close();
    await stack?.db.drop();
    stack = undefined;
  });
  afterAll(() => temporal?.close());
}

/** Inserts a finished execution, unless `columns` say otherwise. */
export async function insertExecution(database: Database, columns: Record<string, unknown> = {}): Promise<number> {
  const key = randomBytes(6).toString('hex');
  const [row] = await database('task_executions')
    .insert({
      task_id: `task-${key}`,
      task_type: 'TEST_TIMEOUT',
      status: 'succeeded',
      triggered_by: 'manual',
      workflow_id: `task-${key}`,
      run_id: randomUUID(),
      attempt: 1,
      started_at: new Date(Date.now() - 60_000),
      completed_at: columns.status === 'running' ? null : new Date(Date.now() - 58_000),
      duration_seconds: columns.status === 'running' ? null : 2,
      ...columns,
    })
    .returning<{ id: number }[]>('id');
  return row?.id ?? 0;
}

export async function insertConfig(database: Database, columns: Record<string, unknown> = {}): Promise<number> {
  const [row] = await database('task_configs')
    .insert({ name: 'a config', task_type: 'TEST_TIMEOUT', scheduler_type: 'manual', ...columns })
    .returning<{ id: number }[]>('id');
  return row?.id ?? 0;
}

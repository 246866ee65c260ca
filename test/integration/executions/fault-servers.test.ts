import { randomBytes, randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createDatabase, migrate, type Database } from '../../../src/platform/postgres/postgres';
import { connectTemporal, registerSearchAttributes, type TemporalConnection } from '../../../src/platform/temporal';
import { createScheduleGateway } from '../../../src/scheduling/temporal/schedule-gateway';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../../src/stack/servers/embedded-postgres';
import { startEmbeddedTemporal, type EmbeddedTemporal } from '../../../src/stack/servers/embedded-temporal';
import { findTemporalBinary } from '../../../src/stack/servers/temporal-binary';
import { createTaskConfigRepository } from '../../../src/storage/configs/task-config-repository';
import { startProcess, waitFor, type TestProcess } from '../../support/process';
import { testServices } from '../../support/test-services';
import type * as workflows from '../../../src/workflows';

jest.setTimeout(180_000);

/** Servers of this file's own: they are about to be killed. */
let folder: string;
let postgres: EmbeddedPostgres;
let server: EmbeddedTemporal;
let database: Database;
let temporal: TemporalConnection;
let worker: TestProcess;
const taskQueue = `faults-${randomUUID()}`;
const password = randomBytes(12).toString('hex');
const place = (name: string) => ({
  folder: path.join(folder, name),
  logFile: path.join(folder, `${name}.log`),
  password,
});

async function startTemporal(ports: { port?: number; uiPort?: number } = {}): Promise<void> {
  server = await startEmbeddedTemporal({
    ...place('temporal'),
    ...ports,
    binary: await findTemporalBinary({ progress: () => undefined }),
  });
}

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'taskloom-faults-'));
  chmodSync(folder, 0o711);
  [postgres] = await Promise.all([startEmbeddedPostgres(place('postgres')), startTemporal()]);
  database = createDatabase({ url: postgres.url, poolSize: 2, applicationName: 'test' });
  // A killed server breaks idle connections: that is the point here.
  await migrate(database);
  temporal = await connectTemporal({
    address: server.address,
    namespace: 'default',
    connection: { address: server.address },
  });
  await registerSearchAttributes(temporal.connection, 'default');
  worker = await startProcess('worker/main.js', {
    DATABASE_URL: postgres.url,
    REDIS_URL: testServices().storeUrl,
    TEMPORAL_ADDRESS: server.address,
    TEMPORAL_TASK_QUEUE: taskQueue,
    REDDIT_CLIENT_ID: 'nobody',
    REDDIT_OAUTH_BASE_URL: 'http://127.0.0.1:9',
    REDDIT_WWW_BASE_URL: 'http://127.0.0.1:9',
  });
});
afterAll(async () => {
  await worker?.kill();
  await temporal?.close();
  await database?.destroy();
  await server?.stop();
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const newConfig = {
  description: null,
  parameters: {},
  scheduleConfig: {},
  maxRetries: 0,
  timeoutSeconds: null,
  priority: 5,
};

async function gone(pid: number): Promise<void> {
  await waitFor(async () => {
    try {
      process.kill(pid, 0);
      return false;
    } catch {
      return true;
    }
  });
}

test('an active schedule continues to fire after the Temporal server was killed and restarted', async () => {
  const configs = createTaskConfigRepository(database);
  const created = await configs.create({
    ...newConfig,
    name: 'every second',
    taskType: 'TEST_SHORT_TIMEOUT',
    schedulerType: 'interval',
    parameters: { sleep_seconds: 0 },
    scheduleConfig: { interval_seconds: 1 },
  });
  const config = await configs.setScheduleStatus(created.id, 'active');
  if (!config) throw new Error('the config is gone');
  await createScheduleGateway({ client: temporal.client.schedule, taskQueue }).apply(config);
  const runs = async () =>
    database('task_executions').where({ config_id: config.id, status: 'succeeded', triggered_by: 'schedule' });
  await waitFor(async () => (await runs()).length >= 3);

  process.kill(server.pid, 'SIGKILL');
  await gone(server.pid);
  const before = (await runs()).length;
  const restartedAt = new Date();
  await startTemporal({ port: server.port, uiPort: server.uiPort });
  const after = await waitFor(async () => {
    const rows = await runs();
    return rows.filter((row) => row.started_at > restartedAt).length >= 3 && rows;
  });
  expect(after.length).toBeGreaterThan(before);
  // One run for each time it fired, not two: the workflow id carries the time.
  expect(new Set(after.map((row) => row.workflow_id)).size).toBe(after.length);
  await configs.setScheduleStatus(config.id, 'inactive');
  await temporal.client.schedule.getHandle(`task-config-${config.id}`).delete();
});

test('runs wait for PostgreSQL while it is killed and restarted, and each is recorded once', async () => {
  const config = await createTaskConfigRepository(database).create({
    ...newConfig,
    name: 'slow',
    taskType: 'TEST_SHORT_TIMEOUT',
    schedulerType: 'manual',
    parameters: { sleep_seconds: 3 },
  });
  const start = () =>
    temporal.client.workflow.start<typeof workflows.runTask>('runTask', {
      workflowId: `database-${randomUUID()}`,
      taskQueue,
      args: [{ configId: config.id, triggeredBy: 'manual' }],
    });
  const inFlight = await Promise.all([start(), start(), start()]);
  await waitFor(
    async () =>
      (await database('task_attempts').join('task_executions', 'id', 'execution_id').where({ config_id: config.id }))
        .length === 3,
  );

  process.kill(postgres.pid, 'SIGKILL');
  await gone(postgres.pid);
  const queued = await Promise.all([start(), start()]);
  postgres = await startEmbeddedPostgres({ ...place('postgres'), port: postgres.port });

  await Promise.all([...inFlight, ...queued].map((handle) => handle.result()));
  const rows = await waitFor(async () => {
    const found = await database('task_executions')
      .where({ config_id: config.id })
      .catch(() => []);
    return found.length === 5 && found;
  });
  expect(rows.map((row) => row.status)).toEqual(Array(5).fill('succeeded'));
  expect(worker.child.exitCode).toBeNull();
});

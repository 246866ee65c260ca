import { randomUUID } from 'node:crypto';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import getPort from 'get-port';
import pino from 'pino';
import { hashPassword } from '../../../src/platform/passwords/password-hash';
import { createReconcilePass } from '../../../src/scheduling/reconcile/reconcile-pass';
import { createScheduleConvergence } from '../../../src/scheduling/temporal/schedule-convergence';
import { createScheduleGateway } from '../../../src/scheduling/temporal/schedule-gateway';
import { createExecutionRepository } from '../../../src/storage/executions/execution-repository';
import { createStaggerRepository } from '../../../src/storage/configs/stagger-repository';
import { createTaskConfigRepository } from '../../../src/storage/configs/task-config-repository';
import { startProcess, waitFor, type TestProcess } from '../../support/process';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';
import { createTestNamespace } from '../../support/temporal-namespace';
import { testServices } from '../../support/test-services';
import type { TemporalConnection } from '../../../src/platform/temporal';

/** A way to Temporal that can be made to swallow everything, as a network does that has lost its route. */
async function createTemporalProxy() {
  const [host = '', port = ''] = testServices().temporalAddress.split(':');
  const sockets = new Set<Socket>();
  let isSilent = false;
  const server = createServer((inner) => {
    const outer = connect(Number(port), host);
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      sockets.add(from);
      from
        .on('data', (data) => !isSilent && to.write(data))
        .on('error', () => to.destroy())
        .on('close', () => to.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    fallSilent: () => void (isSilent = true),
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

let db: TestDatabase;
let temporal: TemporalConnection;
let proxy: Awaited<ReturnType<typeof createTemporalProxy>>;
let api: TestProcess;
let port: number;
const taskQueue = `faults-${randomUUID()}`;

beforeAll(async () => {
  db = await createTestDatabase();
  temporal = await createTestNamespace();
  proxy = await createTemporalProxy();
  await db.database('users').insert({
    username: 'root',
    email: 'root@example.com',
    hashed_password: await hashPassword('a good password'),
    role: 'admin',
  });
  port = await getPort({ host: '127.0.0.1' });
  api = await startProcess('api/server.js', {
    PORT: String(port),
    DATABASE_URL: db.url,
    REDIS_URL: testServices().storeUrl,
    TEMPORAL_ADDRESS: proxy.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    TEMPORAL_TASK_QUEUE: taskQueue,
    JWT_SECRET_KEY: 'a secret for this test alone, 32 letters',
  });
});
afterAll(async () => {
  await api?.kill();
  proxy?.close();
  await temporal?.close();
  await db?.drop();
});

async function call<Answer>(
  method: string,
  route: string,
  options: { token?: string; body?: object } = {},
): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1${route}`, {
    method,
    headers: {
      ...(options.token ? { authorization: `Bearer ${options.token}` } : {}),
      ...(options.body ? { 'content-type': 'application/json' } : {}),
    },
    ...(options.body ? { body: JSON.stringify(options.body) } : {}),
  });
  return (await response.json()) as Answer;
}

test('the reconcile pass makes row and schedule consistent after the API was killed between its writes', async () => {
  const { access_token: token } = await call<{ access_token: string }>('POST', '/auth/login', {
    body: { username: 'root', password: 'a good password' },
  });
  const create = (name: string) =>
    call<{ id: number }>('POST', '/tasks/configs', {
      token,
      body: {
        name,
        task_type: 'HEALTH_CHECK',
        scheduler_type: 'interval',
        schedule_config: { interval_seconds: 3_600 },
      },
    });
  const [started, stopped] = [await create('started'), await create('stopped')];
  await call('POST', `/tasks/schedules/${stopped.id}/start`, { token });

  proxy.fallSilent();
  const calls = [
    call('POST', `/tasks/schedules/${started.id}/start`, { token }),
    call('POST', `/tasks/schedules/${stopped.id}/stop`, { token }),
  ];
  for (const answer of calls) void answer.catch(() => undefined);
  const configs = createTaskConfigRepository(db.database);
  await waitFor(
    async () =>
      (await configs.get(started.id))?.scheduleStatus === 'active' &&
      (await configs.get(stopped.id))?.scheduleStatus === 'inactive',
  );
  await api.kill();

  const gateway = createScheduleGateway({ client: temporal.client.schedule, taskQueue });
  expect([await gateway.describe(started.id), (await gateway.describe(stopped.id))?.state]).toEqual([null, 'active']);
  const convergence = createScheduleConvergence({ configs, gateway });
  const reconciler = createReconcilePass({
    findConfigError: () => null,
    configs,
    staggers: createStaggerRepository(db.database),
    startsPerSecond: 0,
    executions: createExecutionRepository(db.database),
    gateway,
    convergence,
    workflowClient: temporal.client.workflow,
    taskQueue,
    log: pino({ level: 'silent' }),
    graceMs: 0,
  });
  // The list of schedules may lag a moment behind.
  await waitFor(async () => {
    await reconciler.run();
    return (await gateway.describe(started.id))?.state === 'active' && (await gateway.describe(stopped.id)) === null;
  });
  expect((await configs.get(started.id))?.scheduleStatus).toBe('active');
  expect((await configs.listEvents(started.id, 10)).map((event) => event.event)).toContain('task_repaired');
});

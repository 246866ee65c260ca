import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { createDatabase } from '../../../src/platform/postgres/postgres';
import { connectTemporal } from '../../../src/platform/temporal';
import { connectTestTemporal } from '../../support/task-worker';
import { createTestDatabase } from '../../support/test-database';
import { testServices } from '../../support/test-services';
import { createTestApi, insertConfig, insertExecution, type TestApi } from '../../support/api-support';
import { useContract } from './contract-api';
import type { AppRoute } from './answer-watch';

const contract = useContract([]);
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A way to PostgreSQL that can be cut: what is there breaks off, and nothing new gets through. */
async function createCuttableDatabase(url: string) {
  const target = new URL(url);
  const { port, hostname } = target;
  const sockets = new Set<Socket>();
  const server = createServer((inner) => {
    const outer = connect(Number(port), hostname);
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      sockets.add(from);
      from
        .on('error', () => to.destroy())
        .on('close', () => to.destroy())
        .pipe(to);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  target.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const database = createDatabase({ url: target.href, poolSize: 3, applicationName: 'taskloom-test' });
  const cut = async () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { database, cut };
}

const BODIES: Record<string, object> = {
  'POST /auth/login': { username: 'root', password: 'correct horse' },
  'POST /auth/register': { username: 'ann', email: 'ann@example.org', password: 'a long enough one' },
  'POST /auth/refresh': { refresh_token: 'garbage' },
  'POST /auth/revoke': { token: 'garbage' },
  'POST /auth/forgot-password': { email: 'root@example.com' },
  'POST /auth/verify-reset-token': { token: 'garbage' },
  'POST /auth/reset-password': { token: 'garbage', new_password: 'a long enough one' },
  'POST /users': { username: 'bea', email: 'bea@example.org', password: 'a long enough one' },
  'PATCH /users/{user_id}': { age: 5 },
  'POST /tasks/configs': { name: 'x', task_type: 'TEST_TIMEOUT', scheduler_type: 'manual' },
  'POST /tasks/configs/preview-schedule': { scheduler_type: 'interval', schedule_config: { hours: 1 } },
  'PUT /tasks/configs/{id}': { priority: 7 },
  'PATCH /tasks/configs/{id}': { priority: 7 },
  'POST /tasks/schedules/batch/{action}': { config_ids: [1] },
  'POST /tasks/execute/batch': { config_ids: [1] },
};

/** Each route once; what deletes comes last, and of that what ends the session. */
async function callAll(api: TestApi, values: Record<string, string>): Promise<Record<string, number>> {
  const routes = [...contract.parts.watch.routes.values()].filter(({ name }) => name.includes(' /api/v1/'));
  const isLast = ({ name }: AppRoute) => Number(/logout/.test(name) ? 2 : /^DELETE/.test(name));
  const statuses: Record<string, number> = {};
  for (const { name } of routes.sort((one, other) => isLast(one) - isLast(other))) {
    const [method = '', path = ''] = name.replace('/api/v1', '').split(' ');
    const { status } = await api.root(
      method as 'GET',
      path.replace(/\{(\w+)\}/g, (_, key: string) => values[key] ?? '1'),
      BODIES[`${method} ${path}`],
    );
    statuses[`${method} ${path}`] = status;
  }
  return statuses;
}
const namesWith = (statuses: Record<string, number>, is: (status: number) => boolean) =>
  Object.keys(statuses)
    .filter((name) => is(statuses[name] ?? 0))
    .sort();

test('answers 503 when the connection to PostgreSQL breaks off', async () => {
  const { database, cut } = await createCuttableDatabase(contract.parts.db.url);
  closers.push(cut, () => database.destroy());
  const api = await createTestApi({ database, temporal: contract.parts.temporal });
  closers.push(() => api.close());
  await cut();
  expect((await api.root('GET', '/auth/me')).status).toBe(503);
});

test('answers 503 with Retry-After when PostgreSQL refuses connections to its database', async () => {
  const db = await createTestDatabase();
  closers.push(() => db.drop());
  const api = await createTestApi({ database: db.database, temporal: contract.parts.temporal });
  closers.push(() => api.close());
  const name = new URL(db.url).pathname.slice(1);
  await contract.database.raw(`alter database ${name} allow_connections false`);
  await contract.database.raw('select pg_terminate_backend(pid) from pg_stat_activity where datname = ?', [name]);
  const answer = await api.root('GET', '/auth/me');
  expect([answer.status, answer.headers['retry-after']]).toEqual([503, '5']);
});

test('answers 503 with Retry-After, and never 500, when the namespace of Temporal does not exist', async () => {
  const { temporalAddress: address } = testServices();
  const temporal = await connectTemporal({ address, namespace: 'nowhere', connection: { address } });
  closers.push(() => temporal.close());
  const api = await createTestApi({ database: contract.database, temporal });
  closers.push(() => api.close());
  const id = String(await insertConfig(contract.database, { id: 502, task_type: 'TEST_TIMEOUT' }));
  await insertExecution(contract.database, { id: 502, config_id: 502, status: 'running' });
  const run = await api.root('POST', `/tasks/execute/${id}`);
  expect([run.status, run.headers['retry-after']]).toEqual([503, '5']);
  const statuses = await callAll(api, { user_id: '2', type: 'TEST_TIMEOUT', action: 'start', post_id: 'p', id });
  expect(namesWith(statuses, (status) => status === 500)).toEqual([]);
});

test('serves configs, executions, users and content while Temporal is away', async () => {
  const temporal = await connectTestTemporal();
  const api = await createTestApi({ database: contract.database, temporal });
  closers.push(() => api.close());
  const config = String(
    await insertConfig(contract.database, {
      id: 501,
      scheduler_type: 'interval',
      schedule_config: { interval_seconds: 60 },
    }),
  );
  await insertExecution(contract.database, { id: 501, config_id: 501, status: 'running' });
  await temporal.close();
  const statuses = await callAll(api, {
    user_id: '2',
    type: 'TEST_TIMEOUT',
    action: 'start',
    post_id: 'p',
    id: config,
  });
  expect(namesWith(statuses, (status) => status === 503)).toEqual([
    'GET /tasks/schedules',
    'POST /tasks/execute/batch',
    'POST /tasks/execute/by-type/{type}',
    'POST /tasks/execute/{id}',
    'POST /tasks/executions/{id}/cancel',
    'POST /tasks/executions/{id}/terminate',
  ]);
});

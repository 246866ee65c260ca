import { connectTemporal } from '../../../src/platform/temporal';
import { createTestApi } from '../../support/api-support';
import { HOURLY_CONFIG, useConfigApi } from '../../support/config-api';

const stack = useConfigApi();
const { createConfig } = stack;

test('without Temporal, configs are read and written, and shown as not consistent', async () => {
  const kept = await createConfig({}, '?auto_schedule=true');
  const away = await connectTemporal({
    address: stack.temporal.connection.options.address,
    namespace: stack.temporal.namespace,
    connection: { address: stack.temporal.connection.options.address },
  });
  const cut = await createTestApi({ database: stack.database, temporal: away });
  await away.close();
  const { schedule } = away.client;
  const ask = schedule.withDeadline.bind(schedule);
  let deadlineMs = 0;
  schedule.withDeadline = (deadline, work) => {
    deadlineMs += Number(deadline) - Date.now();
    return ask(deadline, work);
  };
  /** The sum of the deadlines of a request in milliseconds: how long it would wait for a Temporal that hangs. */
  const deadlineOf = async (answer: () => Promise<unknown>) => {
    deadlineMs = 0;
    await answer();
    expect(deadlineMs).toBeGreaterThan(0);
    return deadlineMs;
  };
  expect(await cut.root('GET', '/tasks/configs')).toMatchObject({
    status: 200,
    body: { items: [{ id: kept.id, schedule_status: 'active', status_consistent: false }] },
  });
  expect(await cut.root('PATCH', `/tasks/configs/${kept.id}`, { name: 'offline' })).toMatchObject({
    status: 200,
    body: { name: 'offline', status_consistent: false },
  });
  expect(await cut.root('GET', '/tasks/schedules')).toMatchObject({
    status: 503,
    body: { detail: 'Temporal does not answer' },
  });
  expect(await cut.root('POST', `/tasks/execute/${kept.id}`)).toMatchObject({
    status: 503,
    body: { detail: 'Temporal does not answer' },
  });
  for (const path of ['/tasks/configs', `/tasks/configs/${kept.id}`, `/tasks/schedules/${kept.id}`])
    expect(await deadlineOf(() => cut.root('GET', path))).toBeLessThanOrEqual(3_000);
  expect(
    await deadlineOf(() => cut.root('POST', '/tasks/configs?auto_schedule=true', HOURLY_CONFIG)),
  ).toBeLessThanOrEqual(8_000);
  expect(await deadlineOf(() => cut.root('DELETE', `/tasks/configs/${kept.id}`))).toBeLessThanOrEqual(5_000);
  expect((await cut.root('GET', `/tasks/configs/${kept.id}`)).status).toBe(404);
  await cut.close();
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pino from 'pino';
import { createZoneReconciler } from '../../../src/scheduling/reconcile/reconcile-zones';
import { createScheduleConvergence } from '../../../src/scheduling/temporal/schedule-convergence';
import { createScheduleGateway } from '../../../src/scheduling/temporal/schedule-gateway';
import { createServerZones } from '../../../src/scheduling/temporal/server-zones';
import { startEmbeddedTemporal } from '../../../src/stack/servers/embedded-temporal';
import { findTemporalBinary } from '../../../src/stack/servers/temporal-binary';
import { createTaskConfigRepository } from '../../../src/storage/configs/task-config-repository';
import { tzifOf } from '../../../src/time-zones/tzif';
import { waitFor } from '../../support/process';
import { createTestDatabase } from '../../support/test-database';
import { createTestNamespace } from '../../support/temporal-namespace';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

test('a schedule whose next times Temporal has computed by older rules gets those of the new rules', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'new-zones-'));
  stops.push(() => rmSync(folder, { recursive: true, force: true }));
  const zoneInfo = path.join(folder, 'zoneinfo');
  const binary = await findTemporalBinary({ progress: () => undefined });
  const rules = (zone: string) => {
    const file = path.join(zoneInfo, 'America/Vancouver');
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, tzifOf(zone));
  };
  const start = (port?: number) =>
    startEmbeddedTemporal({ binary, folder, logFile: path.join(folder, 'temporal.log'), zoneInfo, port });

  // With the older rules, the clocks of Vancouver are those of Tokyo.
  rules('Asia/Tokyo');
  const older = await start();
  const temporal = await createTestNamespace(older.address);
  stops.push(() => temporal.close());
  const db = await createTestDatabase();
  stops.push(() => db.drop());
  const configs = createTaskConfigRepository(db.database);
  const gateway = createScheduleGateway({ client: temporal.client.schedule, taskQueue: 'none', timeoutMs: 30_000 });
  const convergence = createScheduleConvergence({ configs, gateway });
  const { id } = await configs.create({
    name: 'noon',
    description: null,
    taskType: 'HEALTH_CHECK',
    schedulerType: 'cron',
    parameters: {},
    scheduleConfig: { cron_expression: '0 12 * * *', timezone: 'America/Vancouver' },
    maxRetries: 0,
    timeoutSeconds: null,
    priority: 5,
  });
  await configs.setScheduleStatus(id, 'active');
  await convergence.converge(id);
  const listed = async () => (await gateway.list()).get(id)?.nextRun?.toISOString().slice(11, 16);
  await waitFor(async () => (await listed()) === '03:00');

  rules('America/Vancouver');
  await older.stop();
  const newer = await start(older.port);
  stops.push(() => newer.stop());
  const reconcileZones = createZoneReconciler({
    configs,
    gateway,
    convergence,
    zones: createServerZones({ client: temporal.client.schedule, timeoutMs: 30_000 }),
    log: pino({ level: 'silent' }),
  });
  // Temporal mostly keeps the times that it has computed. Where it has not, there is nothing to do.
  if ((await listed()) === '03:00')
    await waitFor(async () => (await reconcileZones()).schedulesRecomputed > 0 || (await listed()) === '19:00');
  await waitFor(async () => (await listed()) === '19:00');
  expect(await reconcileZones()).toEqual({ schedulesRecomputed: 0 });
});

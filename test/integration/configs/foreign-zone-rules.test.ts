import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pino from 'pino';
import { createZoneReconciler } from '../../../src/scheduling/reconcile/reconcile-zones';
import { createScheduleConvergence } from '../../../src/scheduling/temporal/schedule-convergence';
import { createScheduleGateway } from '../../../src/scheduling/temporal/schedule-gateway';
import { createServerZones } from '../../../src/scheduling/temporal/server-zones';
import { startEmbeddedTemporal, type EmbeddedTemporal } from '../../../src/stack/servers/embedded-temporal';
import { findTemporalBinary } from '../../../src/stack/servers/temporal-binary';
import { createTaskConfigRepository } from '../../../src/storage/configs/task-config-repository';
import { tzifOf } from '../../../src/time-zones/tzif';
import { rulesVersion } from '../../../src/time-zones/zone-rules';
import { createTestApi, type TestApi } from '../../support/api-support';
import { waitFor } from '../../support/process';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';
import { createTestNamespace } from '../../support/temporal-namespace';
import type { TemporalConnection } from '../../../src/platform/temporal';

let folder: string;
let server: EmbeddedTemporal;
let temporal: TemporalConnection;
let db: TestDatabase;
let api: TestApi;

// A server for which Vancouver's clocks are those of Tokyo; it agrees about Tokyo.
beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'foreign-zones-'));
  for (const [name, rules] of [
    ['America/Vancouver', 'Asia/Tokyo'],
    ['Asia/Tokyo', 'Asia/Tokyo'],
  ] as const) {
    const file = path.join(folder, 'zoneinfo', name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, tzifOf(rules));
  }
  server = await startEmbeddedTemporal({
    binary: await findTemporalBinary({ progress: () => undefined }),
    folder: path.join(folder, 'temporal'),
    logFile: path.join(folder, 'temporal.log'),
    zoneInfo: path.join(folder, 'zoneinfo'),
  });
  temporal = await createTestNamespace(server.address);
  db = await createTestDatabase();
  api = await createTestApi({ database: db.database, temporal });
});
afterAll(async () => {
  await api?.close();
  await db?.drop();
  await temporal?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function createNoonConfig(timezone: string): Promise<number> {
  const { status, body } = await api.root('POST', '/tasks/configs?auto_schedule=true', {
    name: `noon in ${timezone}`,
    task_type: 'HEALTH_CHECK',
    scheduler_type: 'cron',
    schedule_config: { cron_expression: '0 12 * * *', timezone },
  });
  expect(status).toBe(201);
  return body.id as number;
}

const hoursOf = (times: string[]) => [...new Set(times.map((time) => time.slice(11, 16)))];
const OTHER_RULES = `Temporal's server has other rules than Taskloom (${rulesVersion}) for America/Vancouver`;

test('an armed schedule in a zone of other rules shows the times of the server, and says so', async () => {
  const id = await createNoonConfig('America/Vancouver');
  const { next_run } = (await api.root('GET', `/tasks/schedules/${id}`)).body;
  // Noon in Tokyo.
  expect(hoursOf([next_run])).toEqual(['03:00']);
  const { body } = await api.root('GET', `/tasks/configs/${id}/next-runs?count=20`);
  expect(body.next_runs).toHaveLength(20);
  expect(hoursOf(body.next_runs)).toEqual(['03:00']);
  expect(body.next_runs[0]).toBe(next_run);
  expect(body.warnings).toContainEqual({
    code: 'zone_rules',
    message: expect.stringMatching(/^Temporal's server has other rules .* The times shown are those of the server\.$/),
  });
});

test('a schedule that is not armed shows our times, with a warning', async () => {
  const { body } = await api.root('POST', '/tasks/configs/preview-schedule', {
    scheduler_type: 'cron',
    schedule_config: { cron_expression: '0 12 * * *', timezone: 'america/vancouver' },
  });
  expect(hoursOf(body.next_runs)).not.toContain('03:00');
  expect(body.warnings).toEqual([{ code: 'zone_rules', message: expect.stringContaining(OTHER_RULES) }]);
});

test('schedules that need no rules of that zone, or another zone, have no warning', async () => {
  const preview = async (scheduler_type: string, schedule_config: object) => {
    const { body } = await api.root('POST', '/tasks/configs/preview-schedule', { scheduler_type, schedule_config });
    return body.warnings.filter(({ code }: { code: string }) => code === 'zone_rules');
  };
  expect(await preview('interval', { hours: 1, timezone: 'America/Vancouver' })).toEqual([]);
  expect(await preview('date', { run_date: '2099-01-01T12:00', timezone: 'America/Vancouver' })).toEqual([]);
  expect(await preview('cron', { cron_expression: '0 12 * * *', timezone: 'Asia/Tokyo' })).toEqual([]);
});

test('the status of the system names the zones in use for which the server has other rules', async () => {
  await createNoonConfig('Asia/Tokyo');
  await createNoonConfig('America/Vancouver');
  const { body } = await api.root('GET', '/tasks/system/status');
  expect(body.time_zones).toEqual({
    version: rulesVersion,
    temporal_version: null,
    differing_zones: ['America/Vancouver'],
    warning: expect.stringContaining(OTHER_RULES),
  });
});

test('the worker logs those zones once', async () => {
  const lines: string[] = [];
  const configs = createTaskConfigRepository(db.database);
  const gateway = createScheduleGateway({ client: temporal.client.schedule, taskQueue: 'none' });
  const reconcileZones = createZoneReconciler({
    configs: { ...configs, zonesInUse: async () => ['america/vancouver', 'Asia/Tokyo', 'Mars/Olympus'] },
    gateway,
    convergence: createScheduleConvergence({ configs, gateway }),
    zones: createServerZones({ client: temporal.client.schedule }),
    log: pino({ level: 'warn' }, { write: (line: string) => lines.push(line) }),
  });
  // What the server fires by its own rules is left alone.
  expect(await reconcileZones()).toEqual({ schedulesRecomputed: 0 });
  expect(await reconcileZones()).toEqual({ schedulesRecomputed: 0 });
  expect(lines.map((line) => (JSON.parse(line) as { zones: string[] }).zones)).toEqual([['America/Vancouver']]);
});

test('a comparison leaves no schedule behind', async () => {
  const zones = createServerZones({ client: temporal.client.schedule });
  expect(await zones.differing(['Asia/Tokyo', 'America/Vancouver', 'UTC'])).toEqual(['America/Vancouver']);
  await waitFor(async () => {
    const ids: string[] = [];
    for await (const { scheduleId } of temporal.client.schedule.list()) ids.push(scheduleId);
    return ids.every((id) => id.startsWith('task-config-'));
  });
});

test('a zone that the server does not know counts as one of other rules', async () => {
  const zones = createServerZones({ client: temporal.client.schedule });
  expect(await zones.differs('Mars/Olympus')).toBe(true);
});

test('the embedded server has our rules', async () => {
  const own = await createTestNamespace();
  try {
    const zones = createServerZones({ client: own.client.schedule });
    const names = [
      'America/Vancouver',
      'Africa/Casablanca',
      'Europe/Kyiv',
      'Asia/Kolkata',
      'Pacific/Apia',
      'Asia/Gaza',
    ];
    expect(await zones.differing(names)).toEqual([]);
  } finally {
    await own.close();
  }
});

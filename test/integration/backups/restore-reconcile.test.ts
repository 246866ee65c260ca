import pino from 'pino';
import { findConfigError } from '../../../src/tasks/registry';
import { createRestore } from '../../../src/backups/restore/restore-backup';
import { migrate, migrationNames } from '../../../src/platform/postgres/postgres';
import { createReconcilePass } from '../../../src/scheduling/reconcile/reconcile-pass';
import { createScheduleCommands } from '../../../src/scheduling/temporal/schedule-commands';
import { createScheduleConvergence } from '../../../src/scheduling/temporal/schedule-convergence';
import { createScheduleGateway } from '../../../src/scheduling/temporal/schedule-gateway';
import { createExecutionRepository } from '../../../src/storage/executions/execution-repository';
import { createStaggerRepository } from '../../../src/storage/configs/stagger-repository';
import { createTaskConfigRepository } from '../../../src/storage/configs/task-config-repository';
import { waitFor } from '../../support/process';
import { createTestNamespace } from '../../support/temporal-namespace';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';
import { createBackupBench, nameOf, type BackupBench } from '../../support/backup-support';
import type { TemporalConnection } from '../../../src/platform/temporal';

jest.setTimeout(120_000);

let db: TestDatabase;
let temporal: TemporalConnection;
let bench: BackupBench;

beforeAll(async () => {
  [db, temporal] = await Promise.all([createTestDatabase(), createTestNamespace()]);
  bench = createBackupBench(db);
});
afterAll(async () => {
  bench?.remove();
  await temporal?.close();
  await db?.drop();
});

test('after a restore, a pass undoes in Temporal what was edited, removed and created since the backup', async () => {
  const taskQueue = 'nobody-serves-this';
  const configs = createTaskConfigRepository(db.database);
  const gateway = createScheduleGateway({ client: temporal.client.schedule, taskQueue });
  const convergence = createScheduleConvergence({ configs, gateway });
  const actions = createScheduleCommands({ configs, convergence });
  const create = (name: string) =>
    configs.create({
      name,
      description: null,
      taskType: 'HEALTH_CHECK',
      schedulerType: 'interval',
      parameters: {},
      scheduleConfig: { hours: 5 },
      maxRetries: 0,
      timeoutSeconds: null,
      priority: 5,
    });
  const [edited, removed] = [await create('edited'), await create('removed')];
  for (const { id } of [edited, removed]) await actions.start(id);
  const name = nameOf(await bench.run());

  await configs.update(edited.id, { scheduleConfig: { minutes: 7 } });
  await convergence.converge(edited.id);
  await actions.remove(removed.id);
  const made = await create('made');
  await actions.start(made.id);
  await waitFor(async () => [...(await gateway.list()).keys()].sort().join() === [edited.id, made.id].join());

  const restore = createRestore({
    folder: bench.folder,
    database: db.database,
    migrationNames: migrationNames(),
    migrate,
    report: () => undefined,
  });
  await restore.restore(await restore.plan(name, new AbortController().signal));
  const reconciler = createReconcilePass({
    findConfigError,
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
  await reconciler.run();

  await waitFor(async () => [...(await gateway.list()).keys()].sort().join() === [edited.id, removed.id].join());
  for (const { id } of [edited, removed])
    expect(await gateway.describe(id)).toMatchObject({ state: 'active', revision: (await configs.get(id))?.revision });
  expect((await configs.get(edited.id))?.scheduleConfig).toEqual({ hours: 5 });
  // Its id stays spent.
  expect((await create('next')).id).toBeGreaterThan(made.id);
});

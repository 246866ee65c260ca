import { randomUUID } from 'node:crypto';
import pino from 'pino';
import { findConfigError } from '../../src/tasks/registry';
import { createReconcilePass } from '../../src/scheduling/reconcile/reconcile-pass';
import { createScheduleCommands } from '../../src/scheduling/temporal/schedule-commands';
import { createScheduleConvergence } from '../../src/scheduling/temporal/schedule-convergence';
import { createScheduleGateway, type ScheduleGateway } from '../../src/scheduling/temporal/schedule-gateway';
import { createTaskConfigRepository, type NewTaskConfig } from '../../src/storage/configs/task-config-repository';
import { createStaggerRepository } from '../../src/storage/configs/stagger-repository';
import { createExecutionRepository } from '../../src/storage/executions/execution-repository';
import { waitFor } from './process';
import { startTestWorker } from './task-worker';
import { createTestNamespace } from './temporal-namespace';
import { createTestDatabase } from './test-database';
import type { TemporalConnection } from '../../src/platform/temporal';
import type { Database } from '../../src/platform/postgres/postgres';
import type { RunRequest } from '../../src/workflows';
import type * as workflows from '../../src/workflows';

export type SchedulingStack = ReturnType<typeof connectScheduling>;

/** The report of a pass that found no difference. */
export const NO_REPAIRS = {
  configsFailed: 0,
  schedulesRemoved: 0,
  schedulesRepaired: 0,
  pausesAdopted: 0,
  schedulesCompleted: 0,
  schedulesFailed: 0,
  schedulesStaggered: 0,
  schedulesRenewed: 0,
  executionsEnded: 0,
};

/** The scheduling room over a real database and a real Temporal namespace. */
function connectScheduling(services: { database: Database; temporal: TemporalConnection; taskQueue: string }) {
  const { database, temporal, taskQueue } = services;
  const configs = createTaskConfigRepository(database);
  const executions = createExecutionRepository(database);
  const gateway = createScheduleGateway({ client: temporal.client.schedule, taskQueue });
  const convergence = createScheduleConvergence({ configs, gateway });
  /** A new reconciler looks at the whole last day, as after a restart. */
  const createPass = ({ graceMs = 0, startsPerSecond = 20, configs: ofPass = configs } = {}) =>
    createReconcilePass({
      findConfigError,
      configs: ofPass,
      executions,
      gateway,
      convergence,
      workflowClient: temporal.client.workflow,
      taskQueue,
      log: pino({ level: 'silent' }),
      graceMs,
      staggers: createStaggerRepository(database),
      startsPerSecond,
    });
  const createConfig = (overrides: Partial<NewTaskConfig> = {}) =>
    configs.create({
      name: 'Hourly health',
      description: null,
      taskType: 'HEALTH_CHECK',
      schedulerType: 'cron',
      parameters: {},
      scheduleConfig: { cron_expression: '0 * * * *' },
      maxRetries: 0,
      timeoutSeconds: null,
      priority: 5,
      ...overrides,
    });
  const commands = createScheduleCommands({ configs, convergence });
  return {
    ...services,
    configs,
    executions,
    gateway,
    convergence,
    commands,
    /** Schedule commands of a process that reaches Temporal through another gateway. */
    commandsThrough: (other: Pick<ScheduleGateway, 'apply' | 'remove'>) =>
      createScheduleCommands({ configs, convergence: createScheduleConvergence({ configs, gateway: other }) }),
    createPass,
    reconcile: () => createPass().run(),
    createConfig,
    /** Creates a config and starts its schedule. */
    createActive: async (overrides: Partial<NewTaskConfig> = {}) => {
      const config = await createConfig(overrides);
      expect(await commands.start(config.id)).toMatchObject({ success: true });
      return config;
    },
    statusOf: async (configId: number) => (await configs.get(configId))?.scheduleStatus,
    lastEvent: async (configId: number) => (await configs.listEvents(configId, 1))[0],
    /** All events of a config, oldest first, with the new status behind `=`. */
    eventsOf: async (configId: number) =>
      (await configs.listEvents(configId, 50))
        .map((event) => (event.newStatus ? `${event.event}=${event.newStatus}` : event.event))
        .reverse(),
    scheduleOf: (configId: number) => temporal.client.schedule.getHandle(`task-config-${configId}`),
    rowOf: async (workflowId: string) =>
      (await database('task_executions').where({ workflow_id: workflowId }))[0] as Record<string, unknown> | undefined,
    /** Starts a run. No worker serves the default queue, so the run stays open until the test ends it. */
    startRun: (request: Partial<RunRequest> & { configId: number | null }, queue = 'nobody-serves-this') =>
      temporal.client.workflow.start<typeof workflows.runTask>('runTask', {
        workflowId: `test-${randomUUID()}`,
        taskQueue: queue,
        args: [{ triggeredBy: 'manual', ...request }],
      }),
  };
}

/**
 * Connects the scheduling room once for the file, in a namespace of its own, and passes it to `use`. Each test begins
 * without configs, executions and schedules. Without
 * `withWorker`, no worker serves the task queue.
 */
export function useScheduling(use: (stack: SchedulingStack) => void, { withWorker = false } = {}): void {
  let stack: SchedulingStack;
  let close: () => Promise<void>;
  beforeAll(async () => {
    const [db, temporal] = await Promise.all([createTestDatabase(), createTestNamespace()]);
    const { database } = db;
    const worker = withWorker ? await startTestWorker({ database, temporal }) : undefined;
    close = async () => {
      await (worker ? worker.stop() : temporal.close());
      await db.drop();
    };
    stack = connectScheduling({ database, temporal, taskQueue: worker?.taskQueue ?? 'without-worker' });
    use(stack);
  });
  afterAll(() => close());
  beforeEach(async () => {
    for (const id of (await stack.gateway.list()).keys()) await stack.gateway.remove(id);
    await waitFor(async () => (await stack.gateway.list()).size === 0);
    await stack.database.raw('truncate task_configs, task_executions cascade');
  });
}

/** Expects that the config's row and its schedule agree in state and revision. */
export async function expectInStep({ configs, gateway }: SchedulingStack, configId: number): Promise<void> {
  const [row, schedule] = [await configs.get(configId), await gateway.describe(configId)];
  const state = row && ['active', 'paused'].includes(row.scheduleStatus) ? row.scheduleStatus : undefined;
  expect(schedule?.state).toBe(state);
  if (state) expect(schedule?.revision).toBe(row?.revision);
}

import { randomUUID } from 'node:crypto';
import pino from 'pino';
import { NativeConnection, Runtime, type Worker } from '@temporalio/worker';
import { connectTemporal, registerSearchAttributes, type TemporalConnection } from '../../src/platform/temporal';
import { createProbe } from '../../src/platform/probes';
import { createTemporalLogger } from '../../src/worker/temporal-logger';
import { createMissingMailer } from '../../src/platform/mail/mailer';
import { createPasswordResetRepository } from '../../src/storage/accounts/password-reset-repository';
import { createExecutionRepository } from '../../src/storage/executions/execution-repository';
import { createScrapeLaneRepository } from '../../src/storage/reddit/scrape-lane-repository';
import { createStepAttemptRepository } from '../../src/storage/executions/step-attempt-repository';
import { createScheduleGateway } from '../../src/scheduling/temporal/schedule-gateway';
import { createSpentScheduleEnd } from '../../src/scheduling/temporal/schedule-end';
import { createScheduleConvergence } from '../../src/scheduling/temporal/schedule-convergence';
import { createScheduledRunTeller } from '../../src/scheduling/temporal/scheduled-run';
import { createTaskConfigRepository } from '../../src/storage/configs/task-config-repository';
import { createScheduledRunRepository } from '../../src/storage/executions/scheduled-run-repository';
import { createWorker } from '../../src/worker/create-worker';
import { signatures } from './run-signatures';
import { createFakeServices } from './task-context';
import { testServices } from './test-services';
import type { ResetMailDeps } from '../../src/activities/reset-mail-activities';
import type { ScrapeLimits } from '../../src/activities/scrape-limits';
import type { OutagePatience } from '../../src/activities/transient-waits';
import type { Database } from '../../src/platform/postgres/postgres';
import type { TaskServices } from '../../src/tasks/task-services';

const log = pino({ level: 'silent' });

export interface TestWorker {
  worker: Worker;
  temporal: TemporalConnection;
  taskQueue: string;
  stop(): Promise<void>;
}

/** The test run's Temporal, with our search attributes. */
export async function connectTestTemporal(): Promise<TemporalConnection> {
  const { temporalAddress } = testServices();
  const temporal = await connectTemporal({
    address: temporalAddress,
    namespace: 'default',
    connection: { address: temporalAddress },
  });
  await registerSearchAttributes(temporal.connection, 'default');
  return temporal;
}

/** Starts a real worker in the test process on a new task queue. Task types that need other services fail. */
export async function startTestWorker(options: {
  database: Database;
  services?: Partial<Omit<TaskServices, 'probes'>>;
  reconcile?: () => Promise<object>;
  scrapeLimits?: Partial<ScrapeLimits>;
  outagePatience?: OutagePatience;
  resetMail?: Pick<ResetMailDeps, 'resetTokens' | 'mailer'>;
  taskQueue?: string;
  temporal?: TemporalConnection;
}): Promise<TestWorker> {
  Runtime.install({ shutdownSignals: [], logger: createTemporalLogger(log) });
  const temporal = options.temporal ?? (await connectTestTemporal());
  const connection = await NativeConnection.connect({ address: testServices().temporalAddress });
  const taskQueue = options.taskQueue ?? `test-${randomUUID()}`;
  const configs = createTaskConfigRepository(options.database);
  const gateway = createScheduleGateway({ client: temporal.client.schedule, taskQueue });
  const healthy = createProbe(async () => undefined);
  const worker = await createWorker({
    connection,
    namespace: temporal.namespace,
    taskQueue,
    limits: { maxActivities: 50, maxWorkflowTasks: 20, shutdownGraceSeconds: 2 },
    activities: {
      executions: createExecutionRepository(options.database),
      resets: createPasswordResetRepository(options.database),
      resetTokens: undefined,
      mailer: createMissingMailer(),
      frontendUrl: 'https://app.example/',
      ...options.resetMail,
      lanes: createScrapeLaneRepository(options.database),
      stepAttempts: createStepAttemptRepository(options.database),
      signatures,
      tellScheduledRun: createScheduledRunTeller({
        configs,
        runs: createScheduledRunRepository(options.database),
        gateway,
      }),
      endSpentSchedule: createSpentScheduleEnd({
        configs,
        convergence: createScheduleConvergence({ configs, gateway }),
        log,
      }),
      scrapeLimits: options.scrapeLimits,
      outagePatience: options.outagePatience,
      services: {
        ...createFakeServices({
          probes: {
            postgres: createProbe(() => options.database.raw('select 1')),
            redis: healthy,
            temporal: healthy,
            reddit: healthy,
          },
        }),
        ...options.services,
      },
      log,
      workerIdentity: `test-worker-${process.pid}`,
      reconcile: options.reconcile ?? (async () => ({})),
    },
  });
  const running = worker.run();
  return {
    worker,
    temporal,
    taskQueue,
    async stop() {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await running;
      await connection.close();
      await temporal.close();
    },
  };
}

import { shareFor } from '../../concurrency/share-for';
import { withTimeout } from '../../concurrency/with-timeout';
import type { Client } from '@temporalio/client';
import type { FastifyBaseLogger } from 'fastify';
import type { RedditBudget } from '../../../platform/reddit-budget/reddit-budget';
import type {
  EndedCount,
  Lateness,
  MetricsRepository,
  PoolState,
  RunningCount,
} from '../../../storage/executions/metrics-repository';

/** Concurrent and subsequent scrapes within this time share one reading. */
const SHARED_MS = 2_000;
const ANSWER_WITHIN_MS = 2_000;
/** A row becomes visible some moments after the time it carries, which its worker has set: recent time is left out. */
const SETTLED_AFTER_MS = 10_000;

/** Upper bounds of the lateness histogram. Beyond the last are catch-ups and runs that waited for the run before. */
export const LATENESS_BOUND_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600] as const;

/** temporal.api.enums.v1.TaskQueueType */
const QUEUE_KINDS = { workflow: 1, activity: 2 } as const;

export interface QueueState {
  kind: keyof typeof QUEUE_KINDS;
  waiting: number;
  /** Age of the oldest waiting task. */
  delaySeconds: number;
}
export interface Readings {
  /** Runs that have ended since the previous reading, each counted once. */
  ended: EndedCount[];
  /** How late scheduled runs began since the previous reading. */
  lateness: Lateness | undefined;
  running: RunningCount[] | undefined;
  queues: QueueState[] | undefined;
  pool: PoolState;
  budget: { limit: number; remaining: number; waiting: number } | undefined;
}

export function createMetricsService(deps: {
  metrics: MetricsRepository;
  temporal: { client: Client; taskQueue: string };
  budget: RedditBudget;
  log: Pick<FastifyBaseLogger, 'warn'>;
}) {
  const { metrics, temporal } = deps;
  let countedUntil = new Date(Date.now() - SETTLED_AFTER_MS);

  /** Undefined when the server does not answer, so that the other numbers are still reported. */
  async function orUndefined<Answer>(question: () => Promise<Answer>): Promise<Answer | undefined> {
    try {
      return await withTimeout(ANSWER_WITHIN_MS, question());
    } catch (error) {
      deps.log.warn({ err: error }, 'a metric could not be read');
      return undefined;
    }
  }

  async function readQueue(kind: QueueState['kind']): Promise<QueueState> {
    const { client, taskQueue } = temporal;
    const { stats } = await client.workflowService.describeTaskQueue({
      namespace: client.options.namespace,
      taskQueue: { name: taskQueue },
      taskQueueType: QUEUE_KINDS[kind],
      reportStats: true,
    });
    const age = stats?.approximateBacklogAge;
    return {
      kind,
      waiting: Number(stats?.approximateBacklogCount ?? 0),
      delaySeconds: Number(age?.seconds ?? 0) + (age?.nanos ?? 0) / 1e9,
    };
  }

  async function readBudget() {
    const { limit, remaining, flows } = await deps.budget.view();
    return {
      limit,
      remaining,
      waiting: Object.values(flows).reduce((sum, flow) => sum + flow.waiting + flow.deferred, 0),
    };
  }

  /** A span of time whose counting failed is counted with the next one. */
  async function countNew(): Promise<Pick<Readings, 'ended' | 'lateness'>> {
    const until = new Date(Date.now() - SETTLED_AFTER_MS);
    const counts = await orUndefined(() =>
      Promise.all([
        metrics.countEnded(countedUntil, until),
        metrics.countLateness(countedUntil, until, LATENESS_BOUND_SECONDS),
      ]),
    );
    if (counts) countedUntil = until;
    return { ended: counts?.[0] ?? [], lateness: counts?.[1] };
  }

  return {
    read: shareFor(SHARED_MS, async (): Promise<Readings> => {
      const [counted, running, queues, budget] = await Promise.all([
        countNew(),
        orUndefined(() => metrics.countRunning()),
        orUndefined(() => Promise.all([readQueue('workflow'), readQueue('activity')])),
        orUndefined(readBudget),
      ]);
      return { ...counted, running, queues, budget, pool: metrics.pool() };
    }),
  };
}

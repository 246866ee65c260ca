import { NotFoundError } from '../../errors';
import {
  EXECUTION_STATUSES,
  type ExecutionBody,
  type ExecutionDetailBody,
  type ExecutionFullBody,
  type StatsBody,
} from '../../schemas/execution-schemas';
import { presentExecution, presentExecutionFull, presentStats, type LinkToRun } from './execution-presenter';
import { redactFailureFor, redactTextFor, redactFieldsFor, type Reader } from '../common/redaction';
import { daysAgo, hoursAgo } from '../common/times';
import type { ListPage } from '../common/list-page';
import type { ExecutionGateway } from './execution-gateway';
import type { ExecutionQueryRepository } from '../../../storage/executions/execution-query-repository';
import type { RetentionRepository } from '../../../storage/executions/retention-repository';
import type { ExecutionStatus } from '../../../storage/executions/task-execution';

const FINISHED = EXECUTION_STATUSES.filter((status) => status !== 'running');
const UNSUCCESSFUL = FINISHED.filter((status) => status !== 'succeeded');

type WantedStatus = ExecutionStatus | 'all';
interface ListQuery {
  limit: number;
  status?: WantedStatus[];
  cursor?: string;
}

const statusesOf = (
  wanted: WantedStatus[] | undefined,
  defaultValue: readonly ExecutionStatus[],
): ExecutionStatus[] => {
  if (!wanted || wanted.length === 0) return [...defaultValue];
  return wanted.includes('all') ? [] : (wanted as ExecutionStatus[]);
};

export type ExecutionService = ReturnType<typeof createExecutionService>;

export function createExecutionService(deps: {
  queries: ExecutionQueryRepository;
  retention: RetentionRepository;
  gateway: ExecutionGateway;
  linkToRun: LinkToRun;
}) {
  const { queries, retention, gateway, linkToRun } = deps;

  return {
    async listByConfig(configId: number, query: ListQuery, reader: Reader): Promise<ListPage<ExecutionBody>> {
      const page = await queries.list({
        configId,
        limit: query.limit,
        cursor: query.cursor,
        shown: { result: true },
        statuses: statusesOf(query.status, FINISHED),
      });
      return {
        items: page.items.map((view) => presentExecution(view, linkToRun, reader)),
        nextCursor: page.nextCursor,
      };
    },

    async listRecent(query: ListQuery & { hours: number }, reader: Reader): Promise<ListPage<ExecutionFullBody>> {
      const page = await queries.list({
        startedSince: hoursAgo(query.hours),
        limit: query.limit,
        cursor: query.cursor,
        shown: { result: true, errorTraceback: true },
        statuses: statusesOf(query.status, FINISHED),
      });
      return {
        items: page.items.map((view) => presentExecutionFull(view, linkToRun, reader)),
        nextCursor: page.nextCursor,
      };
    },

    /** `result` is always null in this list, as the API's contract says. */
    async listFailed(query: ListQuery & { days: number }, reader: Reader): Promise<ListPage<ExecutionFullBody>> {
      const page = await queries.list({
        startedSince: daysAgo(query.days),
        limit: query.limit,
        cursor: query.cursor,
        shown: { errorTraceback: true },
        statuses: statusesOf(query.status, UNSUCCESSFUL),
      });
      return {
        items: page.items.map((view) => presentExecutionFull(view, linkToRun, reader)),
        nextCursor: page.nextCursor,
      };
    },

    async stats(days: number, configId?: number): Promise<StatsBody> {
      const startedSince = daysAgo(days);
      if (configId !== undefined)
        return presentStats(await queries.configTotalsSince(startedSince, configId), days, configId);
      const [totals] = await queries.totalsSince(startedSince);
      return presentStats(totals, days);
    },

    async get(idOrTaskId: string, reader: Reader): Promise<ExecutionDetailBody> {
      const view = await queries.find(idOrTaskId);
      if (!view) {
        const isQueued = !/^\d+$/.test(idOrTaskId) && (await gateway.isRunOpen(idOrTaskId).catch(() => false));
        throw new NotFoundError(isQueued ? 'The run is queued: no worker has begun it yet' : 'Execution not found');
      }
      const [attempts, live] = await Promise.all([
        queries.listAttempts(view.id),
        view.status === 'running' ? gateway.describeLive(view.workflowId, view.runId) : undefined,
      ]);
      return {
        ...presentExecutionFull(view, linkToRun, reader),
        parameters: redactFieldsFor(reader, view.taskType, view.parameters),
        attempts: attempts.map((attempt) => ({
          attempt: attempt.attempt,
          // An open attempt with a failure is deferred: it waits for the request budget of Reddit.
          outcome: attempt.outcome === 'running' && attempt.failure ? 'waiting' : attempt.outcome,
          worker: attempt.worker,
          started_at: attempt.startedAt.toISOString(),
          ended_at: attempt.endedAt?.toISOString() ?? null,
          failure: redactFailureFor(reader, view.taskType, attempt.failure),
        })),
        ...(live
          ? {
              live: {
                ...live,
                pending_activities: live.pending_activities.map((activity) => ({
                  ...activity,
                  last_failure: redactTextFor(reader, view.taskType, activity.last_failure),
                })),
              },
            }
          : {}),
      };
    },

    async cleanUp(daysToKeep: number): Promise<number> {
      return retention.removeAll('executions', daysAgo(daysToKeep));
    },
  };
}

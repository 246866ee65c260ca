import { findTaskType } from '../../../tasks/registry';
import { NotFoundError } from '../../errors';
import type { DeletionSyncRepository } from '../../../storage/reddit/deletion-sync-repository';
import type { ContentStats, EstimateBasis } from '../../../tasks/task-estimate';
import type { ExecutionQueryRepository } from '../../../storage/executions/execution-query-repository';
import type { EstimateBody } from '../../schemas/estimate-schemas';

/** The typical duration is the median of this many recent runs. */
const RECENT_RUNS = 20;

export interface EstimateDeps {
  queries: Pick<ExecutionQueryRepository, 'recentDurationsOfType'>;
  content: { stats(subreddits: string[], isSandbox: boolean): Promise<ContentStats[]> };
  deletions: Pick<DeletionSyncRepository, 'countStored' | 'withoutContent'>;
  /** Whether stored content of the sandbox counts, or that of Reddit. */
  isSandbox: boolean;
  /** The current request budget at Reddit. */
  requestsPerMinute: () => Promise<number>;
}

function median(values: number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[middle - 1], sorted[middle]];
  if (high === undefined) return null;
  return sorted.length % 2 === 1 || low === undefined ? high : (low + high) / 2;
}

export type EstimateService = ReturnType<typeof createEstimateService>;

/** Estimates what a config will cost before it is saved. */
export function createEstimateService({ queries, content, deletions, isSandbox, requestsPerMinute }: EstimateDeps) {
  return {
    /** Takes a body whose parameters its schema has checked. */
    async estimate(body: { task_type: string; parameters: Record<string, unknown> }): Promise<EstimateBody> {
      const taskType = findTaskType(body.task_type);
      if (!taskType) throw new NotFoundError(`Unknown task type ${body.task_type}`);
      if (taskType.estimate) {
        const basis: EstimateBasis = {
          requestsPerMinute: await requestsPerMinute(),
          contentStats: (subreddits) => content.stats(subreddits, isSandbox),
          countStored: (scope, limit) => deletions.countStored({ ...scope, isSandbox }, limit),
          withoutContent: (subreddits) => deletions.withoutContent(subreddits, isSandbox),
        };
        return {
          task_type: taskType.name,
          supported: true,
          ...(await taskType.estimate(taskType.parameters.parse(body.parameters), basis)),
        };
      }
      const durations = await queries.recentDurationsOfType(taskType.name, RECENT_RUNS);
      return {
        task_type: taskType.name,
        supported: false,
        typical_duration_seconds: median(durations),
        runs: durations.length,
      };
    },
  };
}

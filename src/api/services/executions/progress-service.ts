import { redditScrape } from '../../../tasks/reddit-scrape';
import { findTaskType } from '../../../tasks/registry';
import { NotFoundError } from '../../errors';
import { childWorkflowIdOf } from './run-ids';
import {
  mergeNewer,
  progressFromStoppedLanes,
  progressFromLanes,
  progressFromResult,
  percentDone,
  parseHeartbeat,
  type SubredditProgress,
} from './scrape-progress-view';
import { redactFieldsFor, type Reader } from '../common/redaction';
import type { Heartbeat, ProgressGateway } from './progress-gateway';
import type { ExecutionQueryRepository, ExecutionView } from '../../../storage/executions/execution-query-repository';
import type { ScrapeLaneRepository } from '../../../storage/reddit/scrape-lane-repository';
import type { ProgressBody } from '../../schemas/progress-schemas';

export type ProgressService = ReturnType<typeof createProgressService>;

const latest = (times: Date[], otherwise: Date) =>
  new Date(Math.max(otherwise.getTime(), ...times.map((time) => time.getTime())));

function percentOfTask({ status, taskType }: ExecutionView, heartbeat: Heartbeat | undefined): number | null {
  if (status === 'succeeded') return 100;
  return findTaskType(taskType ?? '')?.percentAt?.(heartbeat?.details) ?? null;
}

/**
 * Tells how far a run is. Its workflow is queried; where no worker answers, its heartbeats and rows tell.
 */
export function createProgressService(deps: {
  queries: ExecutionQueryRepository;
  gateway: ProgressGateway;
  lanes: Pick<ScrapeLaneRepository, 'list'>;
}) {
  const { queries, gateway, lanes } = deps;

  function present(
    view: ExecutionView,
    parts: SubredditProgress[],
    { phase, source, updatedAt }: Pick<ProgressBody, 'phase' | 'source'> & { updatedAt: Date },
  ): ProgressBody {
    const sum = (read: (part: SubredditProgress) => number) => parts.reduce((total, part) => total + read(part), 0);
    return {
      execution_id: view.id,
      status: view.status,
      percent: percentDone(parts),
      phase,
      subreddits: parts.map(({ name, posts, comments, threads_done, threads_total, state }) => ({
        name,
        posts,
        comments,
        threads_done,
        threads_total,
        state,
      })),
      requests: { spent: sum((part) => part.requests), saved: sum((part) => part.requests_saved) },
      cursor: null,
      source,
      updated_at: updatedAt.toISOString(),
    };
  }

  async function runningScrape(view: ExecutionView): Promise<ProgressBody> {
    const [queried, heartbeats, rows] = await Promise.all([
      gateway.queryScrape(view.workflowId),
      gateway.heartbeats(childWorkflowIdOf(view.workflowId)),
      lanes.list(view.id),
    ]);
    // A workflow that has only just begun does not know its subreddits yet.
    const isQueryComplete = queried !== undefined && queried.subreddits.length > 0;
    const base = isQueryComplete ? queried.subreddits : progressFromLanes(rows, view.parameters);
    const newest = heartbeats.flatMap(({ details }) => parseHeartbeat(details) ?? []);
    const parts = mergeNewer(base, newest);
    const isHeartbeatNewer = parts.some((one, index) => one !== base[index]);
    const hasBegun = parts.some((one) => one.state !== 'waiting');
    const storedSource = isHeartbeatNewer ? 'heartbeat' : 'row';
    return present(view, parts, {
      phase: queried?.phase ?? (hasBegun ? 'scraping' : 'starting'),
      source: queried ? 'query' : storedSource,
      updatedAt: latest(
        [
          ...heartbeats.map((heartbeat) => heartbeat.at),
          ...rows.map((row) => row.updatedAt),
          ...(queried ? [new Date(queried.updatedAt)] : []),
        ],
        new Date(view.startedAt),
      ),
    });
  }

  async function scrape(view: ExecutionView): Promise<ProgressBody> {
    if (view.status === 'running') return runningScrape(view);
    const finished = progressFromResult(view.result);
    const parts = finished ?? progressFromStoppedLanes(await lanes.list(view.id), view.parameters, view.status);
    return present(view, parts, {
      phase: 'ended',
      source: finished ? 'result' : 'row',
      updatedAt: new Date(view.completedAt ?? view.startedAt),
    });
  }

  /** The progress of any other task type: a percentage where the type tells one, and the cursor of its heartbeat. */
  async function otherTask(view: ExecutionView, reader: Reader): Promise<ProgressBody> {
    const isRunning = view.status === 'running';
    const [heartbeat] = isRunning ? await gateway.heartbeats(view.workflowId, view.runId) : [];
    const storedSource = isRunning || view.result === null ? 'row' : 'result';
    return {
      execution_id: view.id,
      status: view.status,
      percent: percentOfTask(view, heartbeat),
      phase: isRunning ? 'running' : 'ended',
      subreddits: [],
      requests: null,
      cursor: redactFieldsFor(reader, view.taskType, heartbeat?.details ?? null),
      source: heartbeat ? 'heartbeat' : storedSource,
      updated_at: latest(heartbeat ? [heartbeat.at] : [], new Date(view.completedAt ?? view.startedAt)).toISOString(),
    };
  }

  return {
    async get(idOrTaskId: string, reader: Reader): Promise<ProgressBody> {
      const view = await queries.find(idOrTaskId);
      if (!view) throw new NotFoundError('Execution not found');
      return view.taskType === redditScrape.name ? scrape(view) : otherTask(view, reader);
    },
  };
}

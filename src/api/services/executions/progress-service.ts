import { redditScrape } from '../../../tasks/reddit-scrape';
import { findTaskType } from '../../../tasks/registry';
import { NotFoundError } from '../../errors';
import { childWorkflowIdOf } from './run-ids';
import {
  overlay,
  partsOfEnded,
  partsOfLanes,
  partsOfResult,
  percentOf,
  readBeat,
  type ScrapePart,
} from './scrape-progress-view';
import { redactFieldsFor, type Reader } from '../common/redaction';
import type { ProgressGateway } from './progress-gateway';
import type { ExecutionQueryRepository, ExecutionView } from '../../../storage/executions/execution-query-repository';
import type { ScrapeLaneRepository } from '../../../storage/reddit/scrape-lane-repository';
import type { ProgressBody } from '../../schemas/progress-schemas';

export type ProgressService = ReturnType<typeof createProgressService>;

const latest = (times: Date[], otherwise: Date) =>
  new Date(Math.max(otherwise.getTime(), ...times.map((time) => time.getTime())));

/** How far a run is: as its workflow tells it, or, where no worker answers, as its heartbeats and rows do. */
export function createProgressService(deps: {
  queries: ExecutionQueryRepository;
  gateway: ProgressGateway;
  lanes: Pick<ScrapeLaneRepository, 'list'>;
}) {
  const { queries, gateway, lanes } = deps;

  function present(
    view: ExecutionView,
    parts: ScrapePart[],
    told: Pick<ProgressBody, 'phase' | 'source'> & { updatedAt: Date },
  ): ProgressBody {
    const sum = (read: (part: ScrapePart) => number) => parts.reduce((total, part) => total + read(part), 0);
    return {
      execution_id: view.id,
      status: view.status,
      percent: percentOf(parts),
      phase: told.phase,
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
      source: told.source,
      updated_at: told.updatedAt.toISOString(),
    };
  }

  async function ofRunningScrape(view: ExecutionView): Promise<ProgressBody> {
    const [queried, beats, rows] = await Promise.all([
      gateway.queryScrape(view.workflowId),
      gateway.heartbeats(childWorkflowIdOf(view.workflowId)),
      lanes.list(view.id),
    ]);
    const stored = partsOfLanes(rows, view.parameters);
    // A workflow that has only just begun does not know its subreddits yet.
    const base = queried && queried.subreddits.length > 0 ? queried.subreddits : stored;
    const newest = beats.flatMap(({ details }) => readBeat(details) ?? []);
    const parts = overlay(base, newest);
    const isBeatNewer = parts.some((one, index) => one !== base[index]);
    const hasBegun = parts.some((one) => one.state !== 'waiting');
    return present(view, parts, {
      phase: queried?.phase ?? (hasBegun ? 'scraping' : 'starting'),
      source: queried ? 'query' : isBeatNewer ? 'heartbeat' : 'row',
      updatedAt: latest(
        [
          ...beats.map((beat) => beat.at),
          ...rows.map((row) => row.updatedAt),
          ...(queried ? [new Date(queried.updatedAt)] : []),
        ],
        new Date(view.startedAt),
      ),
    });
  }

  async function ofScrape(view: ExecutionView): Promise<ProgressBody> {
    if (view.status === 'running') return ofRunningScrape(view);
    const told = partsOfResult(view.result);
    const parts = told ?? partsOfEnded(await lanes.list(view.id), view.parameters, view.status);
    return present(view, parts, {
      phase: 'ended',
      source: told ? 'result' : 'row',
      updatedAt: new Date(view.completedAt ?? view.startedAt),
    });
  }

  async function ofOther(view: ExecutionView, reader: Reader): Promise<ProgressBody> {
    const isRunning = view.status === 'running';
    const [beat] = isRunning ? await gateway.heartbeats(view.workflowId, view.runId) : [];
    return {
      execution_id: view.id,
      status: view.status,
      percent:
        view.status === 'succeeded' ? 100 : (findTaskType(view.taskType ?? '')?.percentAt?.(beat?.details) ?? null),
      phase: isRunning ? 'running' : 'ended',
      subreddits: [],
      requests: null,
      cursor: redactFieldsFor(reader, view.taskType, beat?.details ?? null),
      source: beat ? 'heartbeat' : isRunning || view.result === null ? 'row' : 'result',
      updated_at: latest(beat ? [beat.at] : [], new Date(view.completedAt ?? view.startedAt)).toISOString(),
    };
  }

  return {
    async get(idOrTaskId: string, reader: Reader): Promise<ProgressBody> {
      const view = await queries.find(idOrTaskId);
      if (!view) throw new NotFoundError('Execution not found');
      return view.taskType === redditScrape.name ? ofScrape(view) : ofOther(view, reader);
    },
  };
}

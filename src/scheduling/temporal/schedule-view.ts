import type { ActualSchedule, DescribedSchedule } from './actual-schedule';
import type { ScheduleGateway } from './schedule-gateway';

/** How long an answer of Temporal is reused. */
const REUSE_MS = 1_000;
/** Temporal's lists usually show a change after this time. */
const SETTLING_MS = 1_000;
/** Temporal's lists show a change after this time even on a busy server. */
const SURELY_SETTLED_MS = 10_000;
/** The size of the shared first page. With more schedules than this, a list of configs requests only its own. */
const FIRST_PAGE_SIZE = 1_000;

interface SharedRequest<Answer> {
  requestedAt: number;
  isPending: boolean;
  answer: Promise<Answer>;
}

export type ScheduleView = ReturnType<typeof createScheduleView>;

/**
 * Temporal's answers about schedules for readers, requested once for all concurrent readers (ADR 11). A change by this
 * process is visible at once; changes by other processes and new runs are visible within about a second.
 */
export function createScheduleView({
  gateway,
  now = () => performance.now(),
}: {
  gateway: Pick<ScheduleGateway, 'list' | 'listFirst' | 'describe'>;
  now?: () => number;
}) {
  let changedAt = -Infinity;
  const changes = new Map<number, number>();

  /** Single-flight: concurrent callers share a request, and its answer is reused for `REUSE_MS`. */
  function share<Answer>(send: () => Promise<Answer>): () => Promise<Answer> {
    let last: SharedRequest<Answer> | undefined;
    /** An answer that may predate our last change serves the callers that waited for it, and is not reused. */
    const isReusable = ({ requestedAt, isPending }: SharedRequest<Answer>) =>
      requestedAt > changedAt &&
      (isPending || (requestedAt > changedAt + SETTLING_MS && now() - requestedAt <= REUSE_MS));
    return () => {
      if (last && isReusable(last)) return last.answer;
      const request: SharedRequest<Answer> = {
        requestedAt: now(),
        isPending: true,
        answer: send().finally(() => (request.isPending = false)),
      };
      // A failure is not reused: the next caller sends a new request.
      request.answer.catch(() => last === request && (last = undefined));
      last = request;
      return request.answer;
    };
  }

  const firstPage = share(() => gateway.listFirst(FIRST_PAGE_SIZE));
  const everything = share(() => gateway.list());

  function noteChange(configId: number): void {
    changedAt = now();
    changes.delete(configId);
    changes.set(configId, changedAt);
    for (const [id, at] of changes) {
      if (changedAt - at < SURELY_SETTLED_MS) break;
      changes.delete(id);
    }
  }

  return {
    /** All schedules by config id. Callers share the object. */
    async all(): Promise<ReadonlyMap<number, ActualSchedule>> {
      const { schedules, isComplete } = await firstPage();
      return isComplete ? schedules : everything();
    },

    /** The schedules of these configs, and possibly of others. */
    async of(configIds: number[]): Promise<ReadonlyMap<number, ActualSchedule>> {
      if (configIds.length === 0) return new Map();
      const { schedules, isComplete } = await firstPage();
      return isComplete ? schedules : gateway.list(configIds);
    },

    /** The schedule of one config; requested alone after a recent change, which lists may still lack. */
    async find(configId: number): Promise<ActualSchedule | null> {
      if (now() - (changes.get(configId) ?? -Infinity) < SURELY_SETTLED_MS) return gateway.describe(configId);
      const { schedules, isComplete } = await firstPage();
      return isComplete ? (schedules.get(configId) ?? null) : gateway.describe(configId);
    },

    /** The schedule at this moment, not shared. */
    describe: (configId: number): Promise<DescribedSchedule | null> => gateway.describe(configId),

    /** Wraps the gateway through which this process changes schedules, so that the view notices each change. */
    watch(changing: Pick<ScheduleGateway, 'apply' | 'remove'>): Pick<ScheduleGateway, 'apply' | 'remove'> {
      return {
        apply: (config) => changing.apply(config).finally(() => noteChange(config.id)),
        remove: (configId) => changing.remove(configId).finally(() => noteChange(configId)),
      };
    },
  };
}

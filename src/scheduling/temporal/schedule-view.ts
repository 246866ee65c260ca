import type { ActualSchedule, DescribedSchedule } from './actual-schedule';
import type { ScheduleGateway } from './schedule-gateway';

/** Those who ask within this time share one question to Temporal. */
const KEPT_MS = 1_000;
/** Temporal's lists show a change some moments after it was made. */
const SETTLING_MS = 1_000;
const SURELY_SETTLED_MS = 10_000;
/** So many schedules come with one call. Where there are more, a page of configs asks for its own. */
const ONE_CALL = 1_000;

interface Shared<Answer> {
  askedAt: number;
  isUnderWay: boolean;
  answer: Promise<Answer>;
}

export type ScheduleView = ReturnType<typeof createScheduleView>;

/**
 * What Temporal says of schedules, for those who only look, asked once for all who look at the same time (ADR 11). What
 * this process changes is seen at once; what others change, and what fires, within about a second.
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

  function share<Answer>(ask: () => Promise<Answer>): () => Promise<Answer> {
    let last: Shared<Answer> | undefined;
    /** An answer of the time when our change may not have shown yet is for those alone who waited for it. */
    const isGood = ({ askedAt, isUnderWay }: Shared<Answer>) =>
      askedAt > changedAt && (isUnderWay || (askedAt > changedAt + SETTLING_MS && now() - askedAt <= KEPT_MS));
    return () => {
      if (last && isGood(last)) return last.answer;
      const asked: Shared<Answer> = {
        askedAt: now(),
        isUnderWay: true,
        answer: ask().finally(() => (asked.isUnderWay = false)),
      };
      // Nobody is told twice of one failure: the next one asks again.
      asked.answer.catch(() => last === asked && (last = undefined));
      last = asked;
      return asked.answer;
    };
  }

  const first = share(() => gateway.listFirst(ONE_CALL));
  const rest = share(() => gateway.list());

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
    /** The same object as long as it is good; nobody may change it. */
    async all(): Promise<ReadonlyMap<number, ActualSchedule>> {
      const { schedules, isComplete } = await first();
      return isComplete ? schedules : rest();
    },

    /** Of these configs at least. */
    async of(configIds: number[]): Promise<ReadonlyMap<number, ActualSchedule>> {
      if (configIds.length === 0) return new Map();
      const { schedules, isComplete } = await first();
      return isComplete ? schedules : gateway.list(configIds);
    },

    /** What has just been changed is asked for alone, since the list may not show it yet. */
    async find(configId: number): Promise<ActualSchedule | null> {
      if (now() - (changes.get(configId) ?? -Infinity) < SURELY_SETTLED_MS) return gateway.describe(configId);
      const { schedules, isComplete } = await first();
      return isComplete ? (schedules.get(configId) ?? null) : gateway.describe(configId);
    },

    /** As it is at this moment. */
    describe: (configId: number): Promise<DescribedSchedule | null> => gateway.describe(configId),

    /** The gateway through which this process changes schedules: what is seen here follows it. */
    watch(changing: Pick<ScheduleGateway, 'apply' | 'remove'>): Pick<ScheduleGateway, 'apply' | 'remove'> {
      return {
        apply: (config) => changing.apply(config).finally(() => noteChange(config.id)),
        remove: (configId) => changing.remove(configId).finally(() => noteChange(configId)),
      };
    },
  };
}

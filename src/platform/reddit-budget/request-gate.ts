import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { queueKey, type FlowQueue, type RequestReport } from './budget-commands';
import { createWaitingLine, type Waiter } from './waiting-line';
import type { RedditBudget } from './reddit-budget';

/** How soon a process asks again at the latest while somebody waits: the ledger must know that it lives. */
const LONGEST_POLL_MS = 1_000;
/** While a slot is due and nobody here may have it: the one exclusive request of the fleet is under way. */
const BLOCKED_POLL_MS = 25;
/** After a poll that failed. */
const RETRY_MS = 500;
/** How long callers are sent away for while the ledger does not answer. */
const LEDGER_AWAY_MS = 15_000;
/** A deferred caller returns this long before its turn, to be in line when it comes. */
const LEAD_MS = 1_500;

/** A caller. A flow's share of the budget is its weight among the weights of those that wait. */
export interface Asker {
  flow: string;
  weight: number;
  isExclusive: boolean;
  patienceMs: number;
  /** False for one that will not come back: no place is kept for it. */
  isParkable: boolean;
}

/** The caller was not let in: its turn comes later than it can wait, or the ledger does not answer. */
export class TurnIsLater extends Error {
  constructor(
    readonly retryAfterMs: number,
    reason: string,
    cause?: unknown,
  ) {
    super(reason, { cause });
  }
}

/**
 * Lets this process's requests out as the fleet's ledger grants them, a few at a time. Nothing goes out that was not
 * granted.
 */
export function createRequestGate({
  budget,
  atOnce,
  log,
}: {
  budget: RedditBudget;
  atOnce: number;
  log: { warn(fields: object, message: string): void };
}) {
  const name = randomUUID();
  const line = createWaitingLine();
  const spare: number[] = [];
  let outcomes: RequestReport[] = [];
  let underWay = 0;
  let isPolling = false;
  let isDue = false;
  let timer: NodeJS.Timeout | undefined;

  function pollSoon(): void {
    isDue = true;
    if (!isPolling) void pollWhileDue();
  }

  async function pollWhileDue(): Promise<void> {
    isPolling = true;
    while (isDue) {
      isDue = false;
      clearTimeout(timer);
      const nextMs = await poll();
      if (line.size() > 0 && !isDue) timer = setTimeout(pollSoon, Math.min(LONGEST_POLL_MS, nextMs));
    }
    isPolling = false;
  }

  async function poll(): Promise<number> {
    const [reported, unused] = [outcomes, spare.splice(0)];
    outcomes = [];
    try {
      const { grants, nextMs } = await budget.poll({
        process: name,
        free: Math.max(0, atOnce - underWay),
        queues: line.report(),
        outcomes: reported,
        unused,
      });
      for (const [id, key] of Object.entries(grants)) admit(Number(id), key);
      // With all under way, the end of one of them is the next occasion.
      if (underWay >= atOnce) return LONGEST_POLL_MS;
      return nextMs > 0 || Object.keys(grants).length > 0 ? nextMs : BLOCKED_POLL_MS;
    } catch (error) {
      log.warn({ err: error }, "Reddit's request budget cannot be read: nothing is asked meanwhile");
      // Unsent reports go with the next poll: until then their grants count as under way.
      outcomes = [...reported, ...outcomes];
      spare.push(...unused);
      return RETRY_MS;
    }
  }

  /** Its caller may have gone: then another one's turn comes sooner. */
  function admit(id: number, key: string): void {
    const waiter = line.next(key);
    if (!waiter) {
      spare.push(id);
      isDue = true;
      return;
    }
    underWay += 1;
    waiter.admit(id);
  }

  async function arrive(asker: Asker, patienceMs: number, signal?: AbortSignal): Promise<void> {
    const queue: FlowQueue = {
      flow: asker.flow,
      weight: asker.weight,
      isExclusive: asker.isExclusive,
      waiting: 1,
      ageMs: 0,
    };
    const givesUpAt = performance.now() + asker.patienceMs;
    for (;;) {
      try {
        const { etaMs, isDeferred } = await budget.arrive({
          process: name,
          queue,
          patienceMs,
          isParkable: asker.isParkable,
        });
        if (isDeferred)
          throw new TurnIsLater(
            Math.max(1_000, etaMs - LEAD_MS),
            `the turn comes in about ${Math.ceil(etaMs / 1_000)} s`,
          );
        return;
      } catch (error) {
        if (error instanceof TurnIsLater) throw error;
        if (signal?.aborted) return;
        if (performance.now() + RETRY_MS > givesUpAt)
          throw new TurnIsLater(LEDGER_AWAY_MS, 'the budget cannot be read', error);
        await sleep(RETRY_MS);
      }
    }
  }

  /** Returns the grant; `leave` has to report its end. Throws TurnIsLater, or the signal's reason. */
  async function enter(asker: Asker, signal?: AbortSignal): Promise<number> {
    signal?.throwIfAborted();
    await arrive(asker, asker.patienceMs, signal);
    if (signal?.aborted) {
      pollSoon();
      throw signal.reason;
    }
    return new Promise<number>((resolve, reject) => {
      const leave = () => {
        clearTimeout(deadline);
        signal?.removeEventListener('abort', onAbort);
        line.remove(waiter);
      };
      const waiter: Waiter = {
        key: queueKey(asker),
        queue: { flow: asker.flow, weight: asker.weight, isExclusive: asker.isExclusive },
        since: performance.now(),
        admit: (id) => {
          leave();
          resolve(id);
        },
      };
      const giveUp = (reason: () => Error) => {
        leave();
        pollSoon();
        reject(reason());
      };
      const onAbort = () => giveUp(() => signal?.reason as Error);
      // The estimate was too good, or something closed the budget meanwhile.
      const deadline = setTimeout(() => {
        leave();
        pollSoon();
        void arrive({ ...asker, patienceMs: 0 }, -1).then(
          () => reject(new TurnIsLater(LEAD_MS, 'the turn has not come')),
          reject,
        );
      }, asker.patienceMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      line.add(waiter);
      pollSoon();
    });
  }

  return {
    enter,
    /** A request has ended, well or badly. */
    leave(outcome: RequestReport): void {
      underWay -= 1;
      outcomes.push(outcome);
      pollSoon();
    },
  };
}

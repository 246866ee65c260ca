import { freshState } from '../../src/platform/reddit-budget/budget-state';
import { ledger, type LedgerProcedure } from '../../src/platform/reddit-budget/budget-ledger';
import { queueKey, type FlowQueue, type RequestReport } from '../../src/platform/reddit-budget/budget-commands';
import { createDice, rollsOf } from '../../src/reddit-sandbox/seeded-random';

export interface Demand {
  process: string;
  flow: string;
  weight?: number;
  isExclusive?: boolean;
  requests: number;
  /** Since the start of the simulation. */
  fromMs?: number;
}

export interface Simulation {
  /** The configured rate limit. */
  requestsPerMinute: number;
  /** The rate limit of the server. Without it, the server sends no headers and refuses nothing. */
  server?: { requests: number; windowMs: number; offsetMs?: number; foreignPerMinute?: number };
  latencyMs?: number;
  lastsMs: number;
  demands: Demand[];
  /** From then on the process does nothing. */
  dies?: { process: string; atMs: number };
  closeAt?: { ms: number; forMs: number };
}

const START = 1_800_000_000_000;

/**
 * Simulates processes and a server in virtual time. Each process polls when the ledger told it to, and has at most five
 * requests under way.
 */
export async function simulate({
  requestsPerMinute,
  server,
  latencyMs = 80,
  lastsMs,
  demands,
  dies,
  closeAt,
}: Simulation) {
  let state = freshState();
  const random = rollsOf(createDice('budget'));
  const grants: { at: number; flow: string; process: string }[] = [];
  const refusals: number[] = [];
  const used = new Map<number, number>();
  const events: { at: number; run: () => Promise<void> }[] = [];
  const later = (at: number, run: () => Promise<void>) => void events.push({ at, run });
  const isDead = (process: string, now: number) => dies?.process === process && now - START >= dies.atMs;
  const foreign = (window: number, now: number) => {
    if (!server?.foreignPerMinute) return 0;
    return Math.floor(((now - window * server.windowMs - START) * server.foreignPerMinute) / 60_000);
  };

  function apply<Command, Answer>(procedure: LedgerProcedure<Command, Answer>, now: number, command: Command): Answer {
    const next = procedure.run(state, now, { ...command, requestsPerMinute });
    state = next.state;
    return next.answer;
  }

  function answer(id: number, at: number): RequestReport {
    if (closeAt && at - START >= closeAt.ms) {
      const forMs = closeAt.forMs;
      closeAt = undefined;
      refusals.push(at - START);
      return { id, closeMs: forMs };
    }
    if (!server) return { id };
    const window = Math.floor((at - START - (server.offsetMs ?? 0)) / server.windowMs);
    const before = (used.get(window) ?? 0) + foreign(window, at);
    const resetMs = Math.ceil(((window + 1) * server.windowMs + (server.offsetMs ?? 0) - (at - START)) / 1_000) * 1_000;
    if (before >= server.requests) {
      refusals.push(at - START);
      return { id, headers: { used: server.requests, remaining: 0, resetMs }, closeMs: resetMs };
    }
    used.set(window, (used.get(window) ?? 0) + 1);
    return { id, headers: { used: before + 1, remaining: server.requests - before - 1, resetMs } };
  }

  const processes = new Map<
    string,
    { queues: Map<string, FlowQueue & { since: number }>; outcomes: RequestReport[]; underWay: number; pollAt: number }
  >();
  const processOf = (name: string) =>
    processes.get(name) ??
    processes.set(name, { queues: new Map(), outcomes: [], underWay: 0, pollAt: Infinity }).get(name)!;

  async function poll(name: string, now: number): Promise<void> {
    const process = processOf(name);
    if (isDead(name, now)) return;
    const queues = [...process.queues.values()]
      .filter((queue) => queue.waiting > 0)
      .map(({ since, ...queue }) => ({ ...queue, ageMs: now - since }));
    const { grants: given, nextMs } = apply(ledger.poll, now, {
      process: name,
      free: 5 - process.underWay,
      queues,
      outcomes: process.outcomes.splice(0),
      unused: [],
    });
    for (const [id, key] of Object.entries(given)) {
      const queue = process.queues.get(key)!;
      queue.waiting -= 1;
      process.underWay += 1;
      grants.push({ at: now - START, flow: queue.flow, process: name });
      const wayThere = Math.round(latencyMs * random());
      later(now + wayThere, async () => {
        const outcome = answer(Number(id), now + wayThere);
        later(now + latencyMs, async () => {
          process.underWay -= 1;
          process.outcomes.push(outcome);
          await poll(name, now + latencyMs);
        });
      });
    }
    if (![...process.queues.values()].some((queue) => queue.waiting > 0)) return;
    // A process polls a little late, as real processes do.
    process.pollAt = now + Math.min(1_000, Math.max(nextMs, 5)) + Math.round(3 * random());
    const { pollAt } = process;
    later(pollAt, async () => {
      if (process.pollAt === pollAt) await poll(name, pollAt);
    });
  }

  for (const { process: name, flow, weight = 5, isExclusive = false, requests, fromMs = 0 } of demands) {
    later(START + fromMs, async () => {
      const queue: FlowQueue = { flow, weight, isExclusive, waiting: 1, ageMs: 0 };
      const { queues } = processOf(name);
      for (let n = 0; n < requests; n += 1)
        apply(ledger.arrive, START + fromMs, {
          process: name,
          queue,
          patienceMs: 1e9,
          isParkable: true,
        });
      queues.set(queueKey(queue), { ...queue, waiting: requests, since: START + fromMs });
      await poll(name, START + fromMs);
    });
  }
  while (events.length > 0) {
    events.sort((a, b) => a.at - b.at);
    const event = events.shift()!;
    if (event.at > START + lastsMs) break;
    await event.run();
  }
  const view = apply(ledger.view, START + lastsMs, {});
  return {
    grants,
    refusals,
    used: [...used.entries()].sort(([a], [b]) => a - b).map(([, count]) => count),
    view,
    state,
  };
}

export const timesOf = (grants: { at: number; flow: string }[], flow?: string) =>
  grants.filter((grant) => flow === undefined || grant.flow === flow).map((grant) => grant.at);

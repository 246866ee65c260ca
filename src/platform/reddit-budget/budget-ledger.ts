import {
  queueKey,
  type Arrival,
  type ArriveCommand,
  type BudgetView,
  type FlowQueue,
  type Poll,
  type PollCommand,
} from './budget-commands';
import { freshState, PARKING_GRACE_MS, PROCESS_LIFE_MS, type BudgetState, type WaitingQueue } from './budget-state';
import { forgetOld, noteFetched, notePaced, paceMs, paceOpensAt, unnotePaced } from './budget-pace';
import { available, evenPaceMs, moveTo, settle, slotAfterNow, windowLimit } from './budget-window';
import type { AtomicProcedure } from '../key-value-store/key-value-store';

/** What each command of the ledger gets besides its own fields. */
interface Limit {
  requestsPerMinute: number;
}

export type LedgerProcedure<Command, Answer> = AtomicProcedure<BudgetState, Command & Limit, Answer>;

/** The ledger of a fleet. A procedure changes the state that it is given, and nothing else. */
export const ledger = {
  arrive: procedure(arrive),
  poll: procedure(poll),
  view: procedure(view),
  reset: procedure(reset),
};

function procedure<Command, Answer>(
  answerTo: (state: BudgetState, now: number, command: Command & Limit) => Answer,
): LedgerProcedure<Command, Answer> {
  return {
    run(given, now, command) {
      const state = given ?? freshState();
      moveTo(state, now, command.requestsPerMinute);
      forgetTheDead(state, now);
      return { state, answer: answerTo(state, now, command) };
    },
  };
}

function forgetTheDead(state: BudgetState, now: number): void {
  for (const [name, process] of Object.entries(state.processes))
    if (process.seenAt < now - PROCESS_LIFE_MS) delete state.processes[name];
  for (const [flow, dueAt] of Object.entries(state.parked)) {
    const kept = dueAt.filter((due) => due > now - PARKING_GRACE_MS);
    if (kept.length > 0) state.parked[flow] = kept;
    else delete state.parked[flow];
  }
  forgetOld(state, now);
  for (const second of Object.keys(state.log)) if (Number(second) <= now / 1_000 - 60) delete state.log[second];
}

function waitingOf(state: BudgetState): Record<string, number> {
  const waiting: Record<string, number> = {};
  for (const process of Object.values(state.processes))
    for (const queue of Object.values(process.lanes)) waiting[queue.flow] = (waiting[queue.flow] ?? 0) + queue.waiting;
  return waiting;
}

/** When a slot that comes after `ahead` others is due. */
function slotAfter(state: BudgetState, now: number, ahead: number, requestsPerMinute: number): number {
  const left = available(state, requestsPerMinute);
  const from = Math.max(now, state.closedUntil, state.nextAt, paceOpensAt(state, requestsPerMinute));
  if (ahead < left) return from + ahead * Math.max(paceMs(requestsPerMinute), (state.endsAt - from) / left);
  return Math.max(state.endsAt, state.closedUntil) + (ahead - left) * evenPaceMs(state, requestsPerMinute);
}

/**
 * Queues a request. When its turn comes later than the caller can wait, it is deferred instead: the answer says when
 * to return, and the flow's tag does not change until then.
 */
function arrive(
  state: BudgetState,
  now: number,
  { process, queue, patienceMs, isParkable, requestsPerMinute }: ArriveCommand & Limit,
): Arrival {
  const { flow } = queue;
  const ahead = requestsAhead(state, now, queue);
  const etaMs = Math.ceil(slotAfter(state, now, ahead, requestsPerMinute) - now);
  const isDeferred = etaMs > patienceMs;
  if (isDeferred && isParkable) (state.parked[flow] ??= []).push(now + etaMs);
  if (!isDeferred) joinLine(state, now, process, queue);
  return { etaMs, isDeferred };
}

function joinLine(state: BudgetState, now: number, process: string, queue: FlowQueue): void {
  const { flow, weight, isExclusive } = queue;
  const own = (state.processes[process] ??= { seenAt: now, free: 0, lanes: {}, grants: {} });
  const waiting = (own.lanes[queueKey(queue)] ??= { flow, weight, isExclusive, waiting: 0, since: now });
  waiting.waiting += 1;
}

/** How many requests come before one that arrives now: those of its own flow, and those of others with smaller tags. */
function requestsAhead(state: BudgetState, now: number, { flow, weight }: FlowQueue): number {
  const waiting = waitingOf(state);
  const parkedOf = (name: string) => state.parked[name]?.length ?? 0;
  // A flow without waiting requests begins at the tag of the others, so that a flow gains nothing by being idle.
  if (!waiting[flow] && parkedOf(flow) === 0) state.tags[flow] = Math.max(state.virtual, state.tags[flow] ?? 0);
  state.weights[flow] = weight;
  // A request that comes back goes before the other deferred ones of its flow.
  const isBack = takeParked(state, now, flow);
  const ofOwnFlow = (waiting[flow] ?? 0) + (isBack ? 0 : parkedOf(flow));
  const start = (state.tags[flow] ?? 0) + ofOwnFlow / weight;
  const others = new Set([...Object.keys(waiting), ...Object.keys(state.parked)]);
  others.delete(flow);
  const ofOtherFlows = [...others].map((other) => {
    const backlog = (waiting[other] ?? 0) + parkedOf(other);
    return Math.max(0, Math.min(backlog, requestsUntil(state, other, start)));
  });
  return ofOtherFlows.reduce((sum, count) => sum + count, ofOwnFlow);
}

/** How many requests of a flow have tags up to `tag`. */
function requestsUntil(state: BudgetState, flow: string, tag: number): number {
  const { [flow]: ownTag = 0 } = state.tags;
  const { [flow]: weight = 1 } = state.weights;
  return Math.floor((tag - ownTag) * weight) + 1;
}

/** Whether a deferred request of the flow is due, so that the arriving one is taken for it. Its deferral ends. */
function takeParked(state: BudgetState, now: number, flow: string): boolean {
  const parked = state.parked[flow] ?? [];
  const first = Math.min(...parked);
  const isDue = first <= now + 1_000;
  if (isDue) parked.splice(parked.indexOf(first), 1);
  return isDue;
}

function poll(
  state: BudgetState,
  now: number,
  { process: name, free, queues, outcomes, unused, requestsPerMinute }: PollCommand & Limit,
): Poll {
  for (const outcome of outcomes) settle(state, now, outcome, requestsPerMinute);
  for (const id of unused) giveBack(state, now, id, requestsPerMinute);
  // The process still counts requests as waiting that were granted but not fetched.
  const pending = state.processes[name]?.grants ?? {};
  for (const id of Object.keys(pending)) noteFetched(state, now, id);
  const process = (state.processes[name] = {
    seenAt: now,
    free: free - Object.keys(pending).length,
    lanes: queuesOf(queues, now),
    grants: pending,
  });
  for (const key of Object.values(pending)) if (process.lanes[key]) process.lanes[key].waiting -= 1;
  dispatch(state, now, requestsPerMinute);
  const { grants } = process;
  process.grants = {};
  if (queues.length === 0) delete state.processes[name];
  forgetIdleFlows(state);
  const opensAt = Math.max(
    state.nextAt,
    state.closedUntil,
    paceOpensAt(state, requestsPerMinute),
    available(state, requestsPerMinute) === 0 ? state.endsAt : 0,
  );
  return { grants, nextMs: Math.max(0, Math.ceil(opensAt - now)) };
}

const queuesOf = (queues: FlowQueue[], now: number): Record<string, WaitingQueue> =>
  Object.fromEntries(queues.map(({ ageMs, ...queue }) => [queueKey(queue), { ...queue, since: now - ageMs }]));

function giveBack(state: BudgetState, now: number, id: number, requestsPerMinute: number): void {
  const grantedAt = state.underWay[id];
  if (grantedAt === undefined) return;
  delete state.underWay[id];
  if (state.exclusive === id) state.exclusive = 0;
  unnotePaced(state, grantedAt, requestsPerMinute);
  state.remaining += 1;
  if (grantedAt >= state.startedAt) state.granted -= 1;
  state.nextAt = Math.min(state.nextAt, now);
}

/** Grants every slot that is due to the next request in line, whichever process polls; other processes fetch theirs. */
function dispatch(state: BudgetState, now: number, requestsPerMinute: number): void {
  while (
    now >= Math.max(state.nextAt, state.closedUntil, paceOpensAt(state, requestsPerMinute)) &&
    available(state, requestsPerMinute) > 0
  ) {
    const next = nextInLine(state);
    if (!next) return;
    const { process, key, queue } = next;
    const tag = state.tags[queue.flow] ?? state.virtual;
    const id = (state.sequence += 1);
    state.virtual = Math.max(state.virtual, tag);
    // Rounded, so that tags that should be equal are.
    state.tags[queue.flow] = Math.round((tag + 1 / queue.weight) * 1e6) / 1e6;
    state.underWay[id] = now;
    state.remaining -= 1;
    state.granted += 1;
    notePaced(state, now, requestsPerMinute);
    if (queue.isExclusive) state.exclusive = id;
    process.grants[id] = key;
    process.free -= 1;
    queue.waiting -= 1;
    queue.since = now;
    const second = (state.log[Math.floor(now / 1_000)] ??= {});
    second[queue.flow] = (second[queue.flow] ?? 0) + 1;
    state.nextAt = slotAfterNow(state, now, requestsPerMinute);
  }
}

/** The flow with the smallest tag; of equal tags the greater weight; within a flow the longest wait; then by name. */
function nextInLine(state: BudgetState) {
  const candidates = Object.entries(state.processes).flatMap(([name, process]) =>
    process.free > 0
      ? Object.entries(process.lanes).map(([key, queue]) => ({ process, key, queue, name: `${key} ${name}` }))
      : [],
  );
  const tag = (queue: WaitingQueue) => state.tags[queue.flow] ?? state.virtual;
  type Candidate = (typeof candidates)[number];
  const isEligible = ({ queue }: Candidate) => queue.waiting >= 1 && !(queue.isExclusive && state.exclusive !== 0);
  const isSooner = (a: Candidate, b: Candidate) => {
    const order = tag(a.queue) - tag(b.queue) || b.queue.weight - a.queue.weight || a.queue.since - b.queue.since;
    return order === 0 ? a.name < b.name : order < 0;
  };
  let best: Candidate | undefined;
  for (const one of candidates.filter(isEligible)) if (!best || isSooner(one, best)) best = one;
  return best;
}

function forgetIdleFlows(state: BudgetState): void {
  const waiting = waitingOf(state);
  for (const [flow, tag] of Object.entries(state.tags)) {
    if (waiting[flow] || state.parked[flow] || tag > state.virtual) continue;
    delete state.tags[flow];
    delete state.weights[flow];
  }
}

/**
 * Forgets what Reddit told of its windows, and every closure. Requests in line and under way stay, and so does the
 * operator's rate limit.
 */
function reset(state: BudgetState, now: number, limit: Limit): BudgetView {
  const { processes, underWay, exclusive, sequence, virtual, tags, weights, log, recent } = state;
  const kept = { processes, underWay, exclusive, sequence, virtual, tags, weights, log, recent };
  Object.assign(state, freshState(), kept);
  moveTo(state, now, limit.requestsPerMinute);
  return view(state, now, limit);
}

function view(state: BudgetState, now: number, { requestsPerMinute }: Limit): BudgetView {
  const flows: BudgetView['flows'] = {};
  const flowOf = (flow: string) => (flows[flow] ??= { waiting: 0, deferred: 0, lastMinute: 0 });
  for (const [flow, waiting] of Object.entries(waitingOf(state))) flowOf(flow).waiting = waiting;
  for (const [flow, dueAt] of Object.entries(state.parked)) flowOf(flow).deferred = dueAt.length;
  for (const second of Object.values(state.log))
    for (const [flow, count] of Object.entries(second)) flowOf(flow).lastMinute += count;
  return {
    source: state.source,
    limit: windowLimit(state, requestsPerMinute),
    remaining: available(state, requestsPerMinute),
    resetMs: Math.ceil(state.endsAt - now),
    closedMs: Math.max(0, Math.ceil(state.closedUntil - now)),
    processes: Object.keys(state.processes).length,
    flows,
  };
}

import {
  laneKey,
  type Arrival,
  type BudgetCommand,
  type BudgetView,
  type LaneReport,
  type Poll,
} from './budget-commands';
import { freshState, PARKING_GRACE_MS, PROCESS_LIFE_MS, type BudgetState, type Lane } from './budget-state';
import { forgetOld, noteFetched, notePaced, paceMs, paceOpensAt, unnotePaced } from './budget-pace';
import { available, evenPaceMs, moveTo, settle, slotAfterNow, windowLimit } from './budget-window';

/** The ledger of a fleet. It changes the state that it is given, and nothing else: the store may run it again. */
export function runBudget(
  given: BudgetState | undefined,
  now: number,
  command: BudgetCommand,
): { state: BudgetState; answer: Arrival | Poll | BudgetView } {
  const state = given ?? freshState();
  moveTo(state, now, command.requestsPerMinute);
  forgetTheDead(state, now);
  switch (command.kind) {
    case 'arrive':
      return { state, answer: arrive(state, now, command) };
    case 'poll':
      return { state, answer: poll(state, now, command) };
    case 'view':
      return { state, answer: view(state, now, command.requestsPerMinute) };
  }
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
    for (const lane of Object.values(process.lanes)) waiting[lane.flow] = (waiting[lane.flow] ?? 0) + lane.waiting;
  return waiting;
}

/** When a slot that comes after `ahead` others is due. */
function slotAfter(state: BudgetState, now: number, ahead: number, requestsPerMinute: number): number {
  const left = available(state, requestsPerMinute);
  const from = Math.max(now, state.closedUntil, state.nextAt, paceOpensAt(state, requestsPerMinute));
  if (ahead < left) return from + ahead * Math.max(paceMs(requestsPerMinute), (state.endsAt - from) / left);
  return Math.max(state.endsAt, state.closedUntil) + (ahead - left) * evenPaceMs(state, requestsPerMinute);
}

/** Joins the line, or, where the turn comes later than the caller can wait, is told when to come back; its flow's tag stays as it is until then. */
function arrive(
  state: BudgetState,
  now: number,
  { process, lane, patienceMs, isParkable, requestsPerMinute }: Extract<BudgetCommand, { kind: 'arrive' }>,
): Arrival {
  const { flow, weight } = lane;
  const waiting = waitingOf(state);
  const parked = state.parked[flow] ?? [];
  // A flow that has nobody in line begins where the others are: idleness earns nothing.
  if (!waiting[flow] && parked.length === 0) state.tags[flow] = Math.max(state.virtual, state.tags[flow] ?? 0);
  state.weights[flow] = weight;
  const isBack = parked.length > 0 && Math.min(...parked) <= now + 1_000;
  if (isBack) parked.splice(parked.indexOf(Math.min(...parked)), 1);
  const before = (waiting[flow] ?? 0) + (isBack ? 0 : parked.length);
  const start = (state.tags[flow] ?? 0) + before / weight;
  let ahead = before;
  for (const other of new Set([...Object.keys(waiting), ...Object.keys(state.parked)])) {
    if (other === flow) continue;
    const backlog = (waiting[other] ?? 0) + (state.parked[other]?.length ?? 0);
    const sooner = Math.floor((start - (state.tags[other] ?? 0)) * (state.weights[other] ?? 1)) + 1;
    ahead += Math.max(0, Math.min(backlog, sooner));
  }
  const etaMs = Math.ceil(slotAfter(state, now, ahead, requestsPerMinute) - now);
  const isDeferred = etaMs > patienceMs;
  if (isDeferred && isParkable) (state.parked[flow] ??= []).push(now + etaMs);
  if (!isDeferred) {
    const own = (state.processes[process] ??= { seenAt: now, free: 0, lanes: {}, grants: {} });
    const there = (own.lanes[laneKey(lane)] ??= {
      flow,
      weight,
      isExclusive: lane.isExclusive,
      waiting: 0,
      since: now,
    });
    there.waiting += 1;
  }
  return { etaMs, isDeferred };
}

function poll(
  state: BudgetState,
  now: number,
  { process: name, free, lanes, outcomes, unused, requestsPerMinute }: Extract<BudgetCommand, { kind: 'poll' }>,
): Poll {
  for (const outcome of outcomes) settle(state, now, outcome, requestsPerMinute);
  for (const id of unused) giveBack(state, now, id, requestsPerMinute);
  // What was granted and not fetched is still among those whom the process counts as waiting.
  const pending = state.processes[name]?.grants ?? {};
  for (const id of Object.keys(pending)) noteFetched(state, now, id);
  const process = (state.processes[name] = {
    seenAt: now,
    free: free - Object.keys(pending).length,
    lanes: lanesOf(lanes, now),
    grants: pending,
  });
  for (const key of Object.values(pending)) if (process.lanes[key]) process.lanes[key].waiting -= 1;
  dispatch(state, now, requestsPerMinute);
  const { grants } = process;
  process.grants = {};
  if (lanes.length === 0) delete state.processes[name];
  forgetIdleFlows(state);
  const opensAt = Math.max(
    state.nextAt,
    state.closedUntil,
    paceOpensAt(state, requestsPerMinute),
    available(state, requestsPerMinute) === 0 ? state.endsAt : 0,
  );
  return { grants, nextMs: Math.max(0, Math.ceil(opensAt - now)) };
}

const lanesOf = (lanes: LaneReport[], now: number): Record<string, Lane> =>
  Object.fromEntries(lanes.map(({ ageMs, ...lane }) => [laneKey(lane), { ...lane, since: now - ageMs }]));

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

/** Gives every slot that is due to whose turn it is, whichever process asked: the others fetch theirs. */
function dispatch(state: BudgetState, now: number, requestsPerMinute: number): void {
  while (
    now >= Math.max(state.nextAt, state.closedUntil, paceOpensAt(state, requestsPerMinute)) &&
    available(state, requestsPerMinute) > 0
  ) {
    const next = nextInLine(state);
    if (!next) return;
    const { process, key, lane } = next;
    const tag = state.tags[lane.flow] ?? state.virtual;
    const id = (state.sequence += 1);
    state.virtual = Math.max(state.virtual, tag);
    // Rounded, for two tags to be equal that ought to be.
    state.tags[lane.flow] = Math.round((tag + 1 / lane.weight) * 1e6) / 1e6;
    state.underWay[id] = now;
    state.remaining -= 1;
    state.granted += 1;
    notePaced(state, now, requestsPerMinute);
    if (lane.isExclusive) state.exclusive = id;
    process.grants[id] = key;
    process.free -= 1;
    lane.waiting -= 1;
    lane.since = now;
    const second = (state.log[Math.floor(now / 1_000)] ??= {});
    second[lane.flow] = (second[lane.flow] ?? 0) + 1;
    state.nextAt = slotAfterNow(state, now, requestsPerMinute);
  }
}

/** The flow with the smallest tag; of equal tags the greater weight; within a flow the longest wait; then by name. */
function nextInLine(state: BudgetState) {
  const candidates = Object.entries(state.processes).flatMap(([name, process]) =>
    process.free > 0
      ? Object.entries(process.lanes).map(([key, lane]) => ({ process, key, lane, name: `${key} ${name}` }))
      : [],
  );
  const tag = (lane: Lane) => state.tags[lane.flow] ?? state.virtual;
  let best: (typeof candidates)[number] | undefined;
  for (const one of candidates) {
    if (one.lane.waiting < 1 || (one.lane.isExclusive && state.exclusive !== 0)) continue;
    const order = best
      ? tag(one.lane) - tag(best.lane) ||
        best.lane.weight - one.lane.weight ||
        one.lane.since - best.lane.since ||
        (one.name < best.name ? -1 : 1)
      : -1;
    if (order < 0) best = one;
  }
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

function view(state: BudgetState, now: number, requestsPerMinute: number): BudgetView {
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

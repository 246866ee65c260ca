import { simulate, timesOf } from '../../../test/support/budget-simulation';
import { ledger } from './budget-ledger';
import { freshState } from './budget-state';
import type { RequestReport } from './budget-commands';

const fleet = (requests: number) => ['one', 'two', 'three'].map((process) => ({ process, flow: '1', requests }));
const between = (times: number[], from: number, to: number) => times.filter((at) => at >= from && at < to).length;

test("without headers: the operator's rate, evenly, whichever process asks", async () => {
  const { grants, view } = await simulate({ requestsPerMinute: 100, lastsMs: 120_000, demands: fleet(200) });
  const times = timesOf(grants);
  for (let second = 0; second < 118; second += 6)
    expect(between(times, second * 1_000, (second + 6) * 1_000)).toBeGreaterThanOrEqual(9);
  for (let second = 0; second < 118; second += 6)
    expect(between(times, second * 1_000, (second + 6) * 1_000)).toBeLessThanOrEqual(12);
  expect(times.length).toBeGreaterThanOrEqual(198);
  expect(view).toMatchObject({ source: 'default', limit: 100 });
});

test.each([
  ['quick answers', { latencyMs: 80 }],
  ['answers that take two seconds', { latencyMs: 2_000 }],
  ['windows that begin elsewhere', { offset: 23_400 }],
])(
  'a server that counts in windows never refuses, and gives 95 %% and more: %s',
  async (_, { latencyMs, offset = 0 }: { latencyMs?: number; offset?: number }) => {
    const { refusals, used } = await simulate({
      requestsPerMinute: 100,
      latencyMs,
      server: { requests: 100, windowMs: 60_000, offsetMs: offset },
      lastsMs: 300_000,
      demands: fleet(400),
    });
    expect(refusals).toEqual([]);
    // The first window has to find out where the others begin, the last is not over.
    for (const count of used.slice(1, -1)) expect(count).toBeGreaterThanOrEqual(95);
  },
);

test('short windows too', async () => {
  const { refusals, used } = await simulate({
    requestsPerMinute: 1_000,
    server: { requests: 100, windowMs: 6_000 },
    lastsMs: 60_000,
    demands: fleet(600),
  });
  expect(refusals).toEqual([]);
  for (const count of used.slice(1, -1)) expect(count).toBeGreaterThanOrEqual(95);
});

/** The most that any minute has, wherever it begins. */
const busiestMinute = (times: number[]) => Math.max(...times.map((from) => between(times, from, from + 60_000)));

test.each([
  ['100, without headers', { requestsPerMinute: 100 }],
  ['20, without headers', { requestsPerMinute: 20 }],
  ['1, without headers', { requestsPerMinute: 1 }],
  [
    '100, in windows of ten minutes that grant as much',
    { requestsPerMinute: 100, server: { requests: 1_000, windowMs: 600_000 } },
  ],
  [
    '20, in windows of ten minutes that grant more',
    { requestsPerMinute: 20, server: { requests: 1_000, windowMs: 600_000, offsetMs: 290_000 } },
  ],
  [
    '100, in windows of a minute',
    { requestsPerMinute: 100, server: { requests: 100, windowMs: 60_000, offsetMs: 23_400 } },
  ],
  ['600, several in one time slot', { requestsPerMinute: 600, server: { requests: 6_000, windowMs: 600_000 } }],
])(
  'no minute has more than the operator allows, also after an idle time, and the load gets 95 %% and more: %s',
  async (_, setting) => {
    const { requestsPerMinute } = setting;
    // One early request begins the window; the others come when five minutes of it have been left unused.
    const demands = [
      { process: 'one', flow: '1', requests: 1 },
      ...fleet(requestsPerMinute * 3).map((demand) => ({ ...demand, fromMs: 300_000 })),
    ];
    const { grants, refusals } = await simulate({ ...setting, lastsMs: 540_000, demands });
    const times = timesOf(grants);
    expect(refusals).toEqual([]);
    expect(busiestMinute(times)).toBeLessThanOrEqual(requestsPerMinute);
    expect(between(times, 360_000, 540_000)).toBeGreaterThanOrEqual(Math.floor(0.95 * 3 * requestsPerMinute));
  },
);

test('after an idle time there is no burst: what was left unused is not caught up with', async () => {
  const server = { requests: 1_000, windowMs: 600_000 };
  const demands = [
    { process: 'one', flow: '1', requests: 2 },
    ...fleet(200).map((demand) => ({ ...demand, fromMs: 300_000 })),
  ];
  const times = timesOf((await simulate({ requestsPerMinute: 100, server, lastsMs: 360_000, demands })).grants);
  // Three seconds of the rate, besides what the time itself brings.
  for (let second = 300; second < 360; second += 6)
    expect(between(times, second * 1_000, (second + 6) * 1_000)).toBeLessThanOrEqual(16);
});

test('another program at the same client id: what it uses is not used twice', async () => {
  const server = { requests: 100, windowMs: 60_000, foreignPerMinute: 40 };
  const { refusals, used } = await simulate({ requestsPerMinute: 100, server, lastsMs: 300_000, demands: fleet(400) });
  // The other one may be quicker for the last one of a window.
  expect(refusals.length).toBeLessThanOrEqual(used.length);
  for (const count of used.slice(1, -1)) expect(count).toBeLessThanOrEqual(75);
});

test('the operator may allow less than Reddit does', async () => {
  const { grants, view } = await simulate({
    requestsPerMinute: 60,
    server: { requests: 1_000, windowMs: 600_000 },
    lastsMs: 120_000,
    demands: fleet(200),
  });
  expect(between(timesOf(grants), 60_000, 120_000)).toBeLessThanOrEqual(62);
  expect(view).toMatchObject({ source: 'headers', limit: 600 });
});

test('serves a small config beside a large one, and gives weight 10 ten times the share of weight 1', async () => {
  const small = await simulate({
    requestsPerMinute: 100,
    lastsMs: 60_000,
    demands: [
      { process: 'one', flow: 'large', requests: 1_000 },
      { process: 'two', flow: 'small', requests: 10, fromMs: 10_000 },
    ],
  });
  const last = timesOf(small.grants, 'small').at(-1)!;
  expect(timesOf(small.grants, 'small')).toHaveLength(10);
  expect(timesOf(small.grants, 'large').filter((at) => at > 10_000 && at < last).length).toBeLessThanOrEqual(11);

  const shares = await simulate({
    requestsPerMinute: 110,
    lastsMs: 60_000,
    demands: [
      { process: 'one', flow: 'low', weight: 1, requests: 200 },
      { process: 'one', flow: 'high', weight: 10, requests: 200 },
    ],
  });
  const low = timesOf(shares.grants, 'low').length;
  expect(low).toBeGreaterThanOrEqual(9);
  expect(low).toBeLessThanOrEqual(12);
  expect(timesOf(shares.grants, 'high').length).toBeGreaterThanOrEqual(95);
});

test('a 429 closes the budget for all until the time it names', async () => {
  const { grants, refusals } = await simulate({
    requestsPerMinute: 600,
    lastsMs: 40_000,
    demands: fleet(400),
    closeAt: { ms: 5_000, forMs: 20_000 },
  });
  expect(refusals).toHaveLength(1);
  expect(between(timesOf(grants), refusals[0]! + 200, refusals[0]! + 20_000)).toBe(0);
  expect(between(timesOf(grants), 26_000, 40_000)).toBeGreaterThan(100);
});

test('a process that dies holds nobody up', async () => {
  const { grants, view } = await simulate({
    requestsPerMinute: 600,
    lastsMs: 30_000,
    demands: [
      { process: 'dead', flow: '1', weight: 10, requests: 500 },
      { process: 'alive', flow: '2', weight: 1, requests: 500 },
    ],
    dies: { process: 'dead', atMs: 2_000 },
  });
  expect(view).toMatchObject({ processes: 1, flows: { 1: { waiting: 0 } } });
  expect(timesOf(grants, '2').filter((at) => at > 10_000).length).toBeGreaterThanOrEqual(180);
});

test('of the requests that Reddit takes one at a time, one is under way', async () => {
  const { grants } = await simulate({
    requestsPerMinute: 6_000,
    latencyMs: 500,
    lastsMs: 10_000,
    demands: ['one', 'two'].map((process) => ({ process, flow: process, isExclusive: true, requests: 50 })),
  });
  const times = timesOf(grants);
  for (const [n, at] of times.entries()) if (n > 0) expect(at - times[n - 1]!).toBeGreaterThanOrEqual(500);
});

test('a request that ended without headers counts as used, also when an older answer says otherwise', () => {
  const [minute, requestsPerMinute] = [60_000, 600];
  let state = freshState();
  const queue = { flow: '1', weight: 5, isExclusive: false, waiting: 1, ageMs: 0 };
  /** Sends one request and returns its id. */
  const send = (now: number) => {
    const process = { process: 'one', requestsPerMinute };
    state = ledger.arrive.run(state, now, { ...process, queue, patienceMs: minute, isParkable: true }).state;
    const polled = ledger.poll.run(state, now, { ...process, free: 5, queues: [queue], outcomes: [], unused: [] });
    state = polled.state;
    return Number(Object.keys(polled.answer.grants)[0]);
  };
  const report = (now: number, outcome: RequestReport) => {
    const process = { process: 'one', free: 5, queues: [], unused: [], requestsPerMinute };
    state = ledger.poll.run(state, now, { ...process, outcomes: [outcome] }).state;
  };
  const headers = (used: number, now: number) => ({ used, remaining: 100 - used, resetMs: minute - now });
  const remaining = (now: number) => ledger.view.run(state, now, { requestsPerMinute }).answer.remaining;

  report(1_000, { id: send(0), headers: headers(1, 1_000) });
  expect(remaining(1_000)).toBe(99);
  const [older, silent] = [send(2_000), send(3_000)];
  report(4_000, { id: silent });
  expect(remaining(4_000)).toBe(97);
  // Reddit counted this one before the other.
  report(5_000, { id: older, headers: headers(2, 5_000) });
  expect(remaining(5_000)).toBe(97);
});

describe('a window that headers put decades ahead', () => {
  const limit = { requestsPerMinute: 100 };
  const queue = { flow: '1', weight: 5, isExclusive: false, waiting: 1, ageMs: 0 };
  const ask = { process: 'one', free: 1, queues: [queue], outcomes: [], unused: [], ...limit };
  const now = 1_800_000_000_000;
  const decades = now;
  const closedBy = (report: object) => {
    const first = ledger.poll.run(undefined, now, ask);
    const [id] = Object.keys(first.answer.grants).map(Number);
    return ledger.poll.run(first.state, now, { ...ask, outcomes: [{ id: id!, ...report }] }).state;
  };

  test.each([
    ['the end of the window', { headers: { used: 100, remaining: 0, resetMs: decades } }, 20],
    ['a closure', { closeMs: decades }, 60],
  ])('%s is bounded, and then requests are granted again', (_, report, minutes) => {
    const state = closedBy(report);
    const at = now + minutes * 60_000 + 1_000;
    expect(ledger.poll.run(structuredClone(state), now + 1_000, ask).answer.grants).toEqual({});
    expect(Object.keys(ledger.poll.run(state, at, ask).answer.grants)).toHaveLength(1);
  });

  test('one that was stored by an older version is brought within the bounds', () => {
    const stored = { ...freshState(), endsAt: now + decades, closedUntil: now + decades, nextAt: now + decades };
    const { answer } = ledger.view.run(Object.assign(stored, { lengthMs: decades }), now, limit);
    expect(answer).toMatchObject({ resetMs: 20 * 60_000, closedMs: 60 * 60_000 });
  });

  test('a reset opens the budget at once, and keeps what is in line and under way', () => {
    const state = closedBy({ headers: { used: 100, remaining: 0, resetMs: decades }, closeMs: decades });
    const before = structuredClone(state);
    const reset = ledger.reset.run(state, now + 1_000, limit);
    expect(reset.answer).toMatchObject({ source: 'default', limit: 100, closedMs: 0, flows: { 1: { waiting: 1 } } });
    expect(reset.state).toMatchObject({ sequence: before.sequence, underWay: before.underWay });
    expect(Object.keys(ledger.poll.run(reset.state, now + 1_000, ask).answer.grants)).toHaveLength(1);
  });
});

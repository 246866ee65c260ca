import { randomUUID } from 'node:crypto';
import { waitFor } from '../../support/process';
import { describeEachStore } from '../../support/test-services';
import { createKeyValueStore } from '../../../src/platform/key-value-store/create-key-value-store';
import type { KeyValueStore } from '../../../src/platform/key-value-store/key-value-store';
import { createRedditBudget, type RedditBudget } from '../../../src/platform/reddit-budget/reddit-budget';
import { createRequestGate, TurnIsLater, type Asker } from '../../../src/platform/reddit-budget/request-gate';

const log = { warn: () => undefined };
const asker = (flow: string, more: Partial<Asker> = {}): Asker => ({
  flow,
  weight: 5,
  isExclusive: false,
  patienceMs: 5_000,
  isParkable: true,
  ...more,
});
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error,
  );

describeEachStore('the gate over', (url) => {
  let store: KeyValueStore;
  let budget: RedditBudget;
  const createBudget = (requestsPerMinute: number) =>
    createRedditBudget({ store, clientId: randomUUID(), requestsPerMinute });
  const gateOf = () => createRequestGate({ budget, atOnce: 5, log });
  beforeAll(() => (store = createKeyValueStore(url)));
  afterAll(() => store.close());

  it('gives each of a thousand and of ten callers one grant, and the ten are not behind the thousand', async () => {
    budget = createBudget(60_000);
    const gates = [gateOf(), gateOf(), gateOf()];
    const order: string[] = [];
    const grants = new Set<number>();
    const ask = async (gate: (typeof gates)[number], flow: string) => {
      const id = await gate.enter(asker(flow, { patienceMs: 60_000 }));
      grants.add(id);
      order.push(flow);
      gate.leave({ id });
    };
    const large = Array.from({ length: 1_000 }, (_, n) => ask(gates[n % 2]!, 'large'));
    await waitFor(async () => order.length >= 20);
    await Promise.all([...Array.from({ length: 10 }, () => ask(gates[2]!, 'small')), ...large]);
    expect([order.length, grants.size]).toEqual([1_010, 1_010]);
    expect(order.lastIndexOf('small')).toBeLessThan(500);
  });

  it('lets five of a process be under way, and the next when one has ended', async () => {
    let polls = 0;
    const real = createBudget(60_000);
    budget = { ...real, poll: (command) => real.poll(command).finally(() => (polls += 1)) };
    const gate = gateOf();
    const entered: number[] = [];
    const all = Array.from({ length: 7 }, () => gate.enter(asker('1')).then((id) => entered.push(id)));
    await waitFor(async () => entered.length === 5);
    const before = polls;
    await waitFor(async () => polls >= before + 2);
    expect(entered).toHaveLength(5);
    gate.leave({ id: entered[0]! });
    gate.leave({ id: entered[1]! });
    await Promise.all(all);
  });

  it('an aborted caller leaves the line', async () => {
    budget = createBudget(30);
    const gate = gateOf();
    gate.leave({ id: await gate.enter(asker('1')) });
    const stop = new AbortController();
    const left = failure(gate.enter(asker('2'), stop.signal));
    await waitFor(async () => (await budget.view()).flows['2']?.waiting === 1);
    stop.abort(new Error('enough'));
    expect(await left).toMatchObject({ message: 'enough' });
    await waitFor(async () => (await budget.view()).processes === 0);
    expect((await budget.view()).flows).not.toHaveProperty('2');
  });

  it('whose turn comes too late is sent away with a time, and its place is kept', async () => {
    budget = createBudget(6);
    const gate = gateOf();
    gate.leave({ id: await gate.enter(asker('1')) });
    const sent = (await failure(gate.enter(asker('1')))) as TurnIsLater;
    expect(sent).toBeInstanceOf(TurnIsLater);
    expect(sent.retryAfterMs).toBeGreaterThan(6_000);
    expect(sent.retryAfterMs).toBeLessThan(10_000);
    expect((await budget.view()).flows['1']).toMatchObject({ waiting: 0, deferred: 1 });
    const next = (await failure(gate.enter(asker('1')))) as TurnIsLater;
    expect(next.retryAfterMs).toBeGreaterThan(sent.retryAfterMs + 5_000);
  });

  it('a process that vanishes with grants and waiting callers blocks nobody', async () => {
    budget = createBudget(6_000);
    const process = randomUUID();
    const queue = { flow: 'gone', weight: 10, isExclusive: true, waiting: 50, ageMs: 0 };
    await budget.poll({ process, free: 5, queues: [queue], outcomes: [], unused: [] });
    const gate = gateOf();
    for (let n = 0; n < 5; n += 1) gate.leave({ id: await gate.enter(asker('1', { weight: 1 })) });
    await waitFor(async () => (await budget.view()).processes === 0);
  });
});

it('while Redis does not answer nobody is let in, and all are told to come back', async () => {
  const store = createKeyValueStore('redis://127.0.0.1:1');
  const gate = createRequestGate({
    budget: createRedditBudget({ store, clientId: 'id', requestsPerMinute: 100 }),
    atOnce: 5,
    log,
  });
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => failure(gate.enter(asker('1', { patienceMs: 1_000 })))),
  );
  for (const answer of answers)
    expect(answer).toMatchObject({ message: 'the budget cannot be read', retryAfterMs: 15_000 });
  await store.close();
});

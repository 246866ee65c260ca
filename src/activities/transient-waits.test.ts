import { classifyFailure } from './failures';
import { decideWait, initialWaits, OUTAGE_PATIENCE as patience } from './transient-waits';
import { RedditError, type RedditErrorKind } from '../shared/reddit-error';
import type { AttemptWaits } from '../storage/executions/execution-attempts';

const START = Date.parse('2026-05-01T12:00:00Z');
const decide = (kind: RedditErrorKind, before: AttemptWaits = initialWaits(3), now = START, retryAfterMs?: number) =>
  decideWait(classifyFailure(new RedditError(kind, 'connect ECONNREFUSED', { retryAfterMs })), before, {
    now,
    patience,
  });

test.each([
  ['rate_limited', 7_000, 7_000],
  ['rate_limited', 10, 1_000],
  ['rate_limited', undefined, 60_000],
  ['unavailable', 5_000, 5_000],
  ['unavailable', 0, 2_000],
  ['unavailable', undefined, 2_000],
  ['network', undefined, 2_000],
  ['blocked', undefined, 2_000],
  ['blocked', 9_000, 9_000],
] as const)('%s with an announced delay of %s ms is tried again in %i ms', (kind, retryAfterMs, delayMs) => {
  expect(decide(kind, initialWaits(3), START, retryAfterMs)).toMatchObject({
    kind: 'wait',
    delayMs,
    waits: { attempt: 3, waits: 1 },
  });
});

test.each(['malformed', 'unauthorized', 'forbidden', 'not_found', 'aborted'] as const)(
  '%s is not transient',
  (kind) => {
    expect(decide(kind)).toMatchObject({ kind: 'failure', failure: { message: 'connect ECONNREFUSED' } });
  },
);

test('the pauses of an outage grow until the patience ends; then it fails, retryably, and names its length', () => {
  const pauses: number[] = [];
  let waits = initialWaits(1);
  let now = START;
  for (;;) {
    const decision = decide('network', waits, now);
    if (decision.kind === 'failure') {
      expect(decision.failure).toMatchObject({
        type: 'RedditError.network',
        isRetryable: true,
        message: `Reddit could not be had for 10 minutes, in ${pauses.length + 1} tries; at last: connect ECONNREFUSED`,
      });
      break;
    }
    pauses.push(decision.delayMs);
    waits = decision.waits;
    now += decision.delayMs;
  }
  expect(now - START).toBe(patience.totalMs);
  expect(pauses.slice(0, 7)).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
});

test('an answer that asks to come back ends an outage; the number of waits is limited', () => {
  const away = decide('network');
  if (away.kind !== 'wait') throw new Error('expected a wait');
  expect(decide('rate_limited', away.waits, START + 60_000, 5_000)).toMatchObject({
    waits: { waits: 2, outage: null },
  });
  expect(decide('rate_limited', { attempt: 1, waits: 1_000, outage: null }, START, 5_000)).toMatchObject({
    kind: 'failure',
  });
});

import { classifyFailure } from './failures';
import { judgeWait, noWaits, OUTAGE_PATIENCE as patience } from './transient-waits';
import { RedditError, type RedditErrorKind } from '../platform/reddit/reddit-client';
import type { AttemptWaits } from '../storage/executions/execution-attempts';

const START = Date.parse('2026-05-01T12:00:00Z');
const judge = (kind: RedditErrorKind, before: AttemptWaits = noWaits(3), now = START, retryAfterMs?: number) =>
  judgeWait(classifyFailure(new RedditError(kind, 'connect ECONNREFUSED', { retryAfterMs })), before, {
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
] as const)('%s, told to come back in %s ms: comes back in %i ms', (kind, told, waitMs) => {
  expect(judge(kind, noWaits(3), START, told)).toMatchObject({
    kind: 'wait',
    waitMs,
    waited: { attempt: 3, waits: 1 },
  });
});

test.each(['malformed', 'unauthorized', 'forbidden', 'not_found', 'aborted'] as const)(
  '%s is no disturbance that passes',
  (kind) => {
    expect(judge(kind)).toMatchObject({ kind: 'failure', failure: { message: 'connect ECONNREFUSED' } });
  },
);

test('an outage is tried at growing pauses, for the last time at the very end of the patience, and then fails retryably with its length', () => {
  const pauses: number[] = [];
  let waited = noWaits(1);
  let now = START;
  for (;;) {
    const verdict = judge('network', waited, now);
    if (verdict.kind === 'failure') {
      expect(verdict.failure).toMatchObject({
        type: 'RedditError.network',
        isRetryable: true,
        message: `Reddit could not be had for 10 minutes, in ${pauses.length + 1} tries; at last: connect ECONNREFUSED`,
      });
      break;
    }
    pauses.push(verdict.waitMs);
    waited = verdict.waited;
    now += verdict.waitMs;
  }
  expect(now - START).toBe(patience.totalMs);
  expect(pauses.slice(0, 7)).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
});

test('an answer that asks to come back ends an outage, and nothing is waited for without end', () => {
  const away = judge('network');
  if (away.kind !== 'wait') throw new Error('it does not wait');
  expect(judge('rate_limited', away.waited, START + 60_000, 5_000)).toMatchObject({
    waited: { waits: 2, outage: null },
  });
  expect(judge('rate_limited', { attempt: 1, waits: 1_000, outage: null }, START, 5_000)).toMatchObject({
    kind: 'failure',
  });
});

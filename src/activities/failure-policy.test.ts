import { ApplicationFailureCategory } from '@temporalio/common';
import { PermanentTaskError } from '../tasks/task-type';
import { RedditError } from '../shared/reddit-error';
import { applyFailurePolicy, refuseTooManyLost, toApplicationFailure, type FailureRecord } from './failure-policy';
import type { AttemptWaits } from '../storage/executions/execution-attempts';

function createRecord({
  failedBefore = 0,
  hasRetriesLeft = true,
  waits = null,
}: {
  failedBefore?: number;
  hasRetriesLeft?: boolean;
  waits?: AttemptWaits | null;
} = {}) {
  const record = {
    attempt: 2,
    waits,
    recordWait: jest.fn(async () => undefined),
    recordFailure: jest.fn(async () => ({ failedBefore, hasRetriesLeft })),
  };
  return record satisfies FailureRecord;
}
const rateLimit = new RedditError('rate_limited', 'too many requests', { retryAfterMs: 7_000 });

test('a rate limit is waited for as long as announced; the attempt has not failed', async () => {
  const record = createRecord();
  const decision = await applyFailurePolicy(rateLimit, record);
  const waits = { attempt: 2, waits: 1, outage: null };
  expect(decision).toMatchObject({ kind: 'wait', delayMs: 7_000, waits });
  expect(record.recordWait).toHaveBeenCalledWith(expect.objectContaining({ type: 'RedditError.rate_limited' }), waits);
  expect(record.recordFailure).not.toHaveBeenCalled();
  expect(toApplicationFailure(decision)).toMatchObject({
    nonRetryable: false,
    nextRetryDelay: 7_000,
    category: ApplicationFailureCategory.BENIGN,
  });
});

test('the waits of the same attempt add up, those of an earlier one are ignored', async () => {
  const waitsAfter = async (attempt: number) => {
    const decision = await applyFailurePolicy(rateLimit, createRecord({ waits: { attempt, waits: 5, outage: null } }));
    return decision.kind === 'wait' && decision.waits;
  };
  expect(await waitsAfter(2)).toEqual({ attempt: 2, waits: 6, outage: null });
  expect(await waitsAfter(1)).toEqual({ attempt: 2, waits: 1, outage: null });
});

test.each([
  [0, 1_000],
  [1, 2_000],
  [5, 32_000],
  [6, 60_000],
  [50, 60_000],
])('after %i failed attempts before it, a failed attempt is retried in %i ms', async (failedBefore, delayMs) => {
  const decision = await applyFailurePolicy(new RangeError('no'), createRecord({ failedBefore }));
  expect(decision).toMatchObject({ kind: 'retry', delayMs });
  expect(toApplicationFailure(decision)).toMatchObject({
    nonRetryable: false,
    nextRetryDelay: delayMs,
    type: 'RangeError',
  });
});

test('a failure without retries left ends the run, with its traceback', async () => {
  const record = createRecord({ hasRetriesLeft: false });
  const error = new RangeError('no');
  const decision = await applyFailurePolicy(error, record);
  expect(record.recordFailure).toHaveBeenCalledWith(expect.objectContaining({ type: 'RangeError' }));
  expect(decision.kind).toBe('end');
  expect(toApplicationFailure(decision)).toMatchObject({ nonRetryable: true, message: 'no', details: [error.stack] });
});

test('a permanent failure ends the run, whatever retries are left', async () => {
  expect(await applyFailurePolicy(new PermanentTaskError('never'), createRecord())).toMatchObject({ kind: 'end' });
});

test('a run survives 20 lost workers, and no more', () => {
  expect(() => refuseTooManyLost(20)).not.toThrow();
  expect(() => refuseTooManyLost(21)).toThrow('Gave up after 20 lost workers');
});

import { WorkflowFailedError, WorkflowNotFoundError, type WorkflowClient } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, TerminatedFailure, type RetryState } from '@temporalio/common';
import { endOfWorkflow, isReset } from './closed-workflow';

const RUN = { workflowId: 'task-config-1', runId: 'second' };
const CLOSED = new Date('2030-01-01T12:00:00Z');

interface Described {
  status: string;
  type?: string;
  closeTime?: Date;
  firstRunId?: string;
}

/** Temporal with one workflow, or with none, and what its result is. */
function clientOf(described: Described | undefined, result: () => Promise<unknown> = async () => null) {
  const asked: unknown[] = [];
  const client = {
    getHandle: (...handle: unknown[]) => {
      asked.push(handle);
      return {
        async describe() {
          if (!described) throw new WorkflowNotFoundError('not found', RUN.workflowId, RUN.runId);
          const { status, type = 'runTask', closeTime = CLOSED, firstRunId } = described;
          return { status: { name: status }, type, closeTime, raw: { workflowExecutionInfo: { firstRunId } } };
        },
        result,
      };
    },
  } as unknown as WorkflowClient;
  return { client, asked };
}
const failWith = (cause: Error | undefined) => () =>
  Promise.reject(
    new WorkflowFailedError('Workflow execution failed', cause, 'MAXIMUM_ATTEMPTS' as unknown as RetryState),
  );
const endOf = (described: Described | undefined, result?: () => Promise<unknown>) =>
  endOfWorkflow(clientOf(described, result).client, RUN);

test('an open workflow has no end', async () => {
  expect(await endOf({ status: 'RUNNING' })).toBeNull();
  expect(await endOf({ status: 'CONTINUED_AS_NEW' })).toBeNull();
});

test('a completed run of a task has succeeded, with its result', async () => {
  expect(await endOf({ status: 'COMPLETED' }, async () => ({ posts: 3 }))).toEqual({
    status: 'succeeded',
    endedAt: CLOSED,
    result: { return_value: { posts: 3 } },
  });
  expect(await endOf({ status: 'COMPLETED' })).toMatchObject({ status: 'succeeded', result: null });
});

test('a row of another workflow, such as a batch, has not succeeded because that workflow completed', async () => {
  expect(await endOf({ status: 'COMPLETED', type: 'runBatch' }, async () => ({ total: 2 }))).toEqual({
    status: 'failed',
    endedAt: CLOSED,
    errorMessage: 'Its workflow completed without recording how this run ended',
  });
});

test.each([
  ['FAILED', 'failed', ApplicationFailure.nonRetryable('no such subreddit', 'PermanentTaskError')],
  ['CANCELLED', 'cancelled', new CancelledFailure('cancelled by a user')],
  ['TERMINATED', 'terminated', new TerminatedFailure('by an operator')],
  ['TIMED_OUT', 'timed_out', undefined],
])('a workflow that is %s ends its row as %s', async (status, expected, cause) => {
  expect(await endOf({ status }, failWith(cause))).toEqual({
    status: expected,
    endedAt: CLOSED,
    errorMessage: cause?.message ?? 'Workflow execution failed',
  });
});

test('a run that used up its own time has timed out, although its workflow failed', async () => {
  const timedOut = ApplicationFailure.nonRetryable('Timed out after 5 s', 'TimedOut');
  expect(await endOf({ status: 'FAILED' }, failWith(timedOut))).toMatchObject({
    status: 'timed_out',
    errorMessage: 'Timed out after 5 s',
  });
});

test('a workflow that Temporal no longer knows has failed', async () => {
  const { status, errorMessage, endedAt } = (await endOf(undefined)) ?? {};
  expect([status, errorMessage]).toEqual(['failed', 'Its workflow is no longer known to Temporal']);
  expect(endedAt).toBeInstanceOf(Date);
});

test('an error of Temporal is none of the run', async () => {
  const away = () => Promise.reject(new Error('Temporal is away'));
  await expect(endOf({ status: 'FAILED' }, away)).rejects.toThrow('Temporal is away');
  await expect(endOf({ status: 'COMPLETED' }, away)).rejects.toThrow('Temporal is away');
});

test('the run itself is asked about, and not the newest one of its workflow', async () => {
  const { client, asked } = clientOf({ status: 'COMPLETED' });
  await endOfWorkflow(client, RUN);
  expect(asked).toEqual([[RUN.workflowId, RUN.runId, { followRuns: false }]]);
});

test('a run is a reset when another one was first', async () => {
  expect(await isReset(clientOf({ status: 'RUNNING', firstRunId: 'first' }).client, RUN)).toBe(true);
  expect(await isReset(clientOf({ status: 'RUNNING', firstRunId: 'second' }).client, RUN)).toBe(false);
  // An older server does not tell.
  expect(await isReset(clientOf({ status: 'RUNNING' }).client, RUN)).toBe(false);
  expect(await isReset(clientOf(undefined).client, RUN)).toBe(false);
});

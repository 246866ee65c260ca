import { createFakeServices } from '../../test/support/task-context';
import { runShortAttempt } from './short-task';
import type { ActivityDeps } from './activity-deps';
import type { RunPlan } from './run-request';

beforeEach(() => jest.useFakeTimers({ now: new Date('2030-01-01T00:00:00Z') }));
afterEach(() => jest.useRealTimers());

/** An attempt, by default of a task that sleeps for ever; returns its outcome and how its end was recorded. */
async function attemptOf(plan: Partial<RunPlan>, failedAttempts: number, services = createFakeServices()) {
  const failAttempt = jest.fn(async (..._recorded: unknown[]) => undefined);
  const deps = {
    executions: { failAttempt },
    services,
    log: { info: () => undefined, warn: () => undefined },
  } as unknown as ActivityDeps;
  const running = runShortAttempt(
    deps,
    {
      kind: 'run',
      executionId: 1,
      configId: 7,
      taskType: 'TEST_SHORT_TIMEOUT',
      parameters: { sleep_seconds: 86_400 },
      maxRetries: 1,
      timeoutSeconds: null,
      isShort: true,
      startedAt: new Date().toISOString(),
      ...plan,
    },
    { executionId: 1, attempt: failedAttempts + 1, failedAttempts, lostAttempts: 0, waited: null },
  );
  await jest.advanceTimersByTimeAsync(5_000);
  return { attempt: await running, recorded: failAttempt.mock.calls };
}

test('an attempt of five seconds is recorded as timed out, and the next follows while retries are left', async () => {
  const { attempt, recorded } = await attemptOf({ maxRetries: 1 }, 0);
  expect(attempt).toEqual({ kind: 'again', waitMs: 1_000, isLast: false });
  expect(recorded).toEqual([
    [1, 1, 'timed_out', expect.objectContaining({ type: 'ShortTaskTimeout', isRetryable: true }), expect.any(Date)],
  ]);
});

test('the five-second limit uses up retries: with the last one the run ends as timed out', async () => {
  const { attempt } = await attemptOf({ maxRetries: 1 }, 1);
  expect(attempt).toMatchObject({
    kind: 'ended',
    outcome: { status: 'timed_out', errorMessage: 'Timed out after 5 s, the most for a short task' },
  });
});

test("the run's own time limit ends the run, whatever retries are left", async () => {
  const { attempt } = await attemptOf({ maxRetries: 10, timeoutSeconds: 5 }, 0);
  expect(attempt).toMatchObject({ kind: 'ended', outcome: { status: 'timed_out', errorType: 'TimedOut' } });
});

test('an attempt after which no retry fits into the time limit of the run is the last', async () => {
  const { attempt } = await attemptOf({ maxRetries: 10, timeoutSeconds: 5.5 }, 0);
  expect(attempt).toEqual({ kind: 'again', waitMs: 500, isLast: true });
});

test('an attempt that ends within its limit succeeds with its result', async () => {
  const probe = async () => ({ status: 'healthy' as const, latencyMs: 1, message: '' });
  const services = createFakeServices({ probes: { postgres: probe, redis: probe, temporal: probe, reddit: probe } });
  const { attempt, recorded } = await attemptOf({ taskType: 'HEALTH_CHECK', parameters: {} }, 0, services);
  expect(attempt).toMatchObject({ kind: 'ended', outcome: { status: 'succeeded', result: { status: 'healthy' } } });
  expect(recorded).toEqual([]);
});

test('a failure close to the time limit of the run is a failure, not a time-out', async () => {
  const { attempt, recorded } = await attemptOf(
    { taskType: 'TEST_FAILURE', parameters: {}, maxRetries: 0, timeoutSeconds: 5 },
    0,
  );
  expect(attempt).toMatchObject({ kind: 'ended', outcome: { status: 'failed' } });
  expect(recorded).toEqual([[1, 1, 'failed', expect.objectContaining({ type: 'Error' }), expect.any(Date)]]);
});

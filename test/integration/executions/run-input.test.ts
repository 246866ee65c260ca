import { randomUUID } from 'node:crypto';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { waitFor } from '../../support/process';
import { signatures } from '../../support/run-signatures';
import { useTestWorker } from '../../support/run-support';
import type { RunRequest } from '../../../src/workflows';
import type * as workflows from '../../../src/workflows';

const { database, schedules, taskQueue, createConfig, startTask, startInTemporal, startBatch, executionOf } =
  useTestWorker();

/** How a workflow failed. */
async function failureOf(handle: { result(): Promise<unknown> }): Promise<ApplicationFailure> {
  const error = await handle.result().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof WorkflowFailedError)) throw new Error(`did not fail: ${String(error)}`);
  let { cause } = error as { cause?: unknown };
  while (cause instanceof Error && !(cause instanceof ApplicationFailure) && cause.cause) cause = cause.cause;
  return cause as ApplicationFailure;
}

async function insertUser(): Promise<number> {
  const name = `user-${randomUUID()}`;
  const [user] = await database()('users')
    .insert({ username: name, email: `${name}@example.com`, hashed_password: 'x' })
    .returning('id');
  return user.id;
}

test.each([
  ['none', []],
  ['null', [null]],
  ['a text', ['5']],
  ['a list', [[5]]],
  ['another name of a property', [{ config_id: 5 }]],
  ['a text for an id', [{ configId: '5' }]],
  ['an id beyond what PostgreSQL holds', [{ configId: 2 ** 40 }]],
  ['neither config nor task type', [{ configId: null }]],
  ['parameters that are no object', [{ configId: null, taskType: 'HEALTH_CHECK', parameters: 'all' }]],
  [
    'a trigger that does not exist',
    [{ configId: null, taskType: 'HEALTH_CHECK', triggeredBy: 'a stranger in the night' }],
  ],
])('a run fails at once, with a row that says what to do, when its input is wrong: %s', async (_, args) => {
  const handle = await startInTemporal('runTask', args);
  expect(await failureOf(handle)).toMatchObject({ type: 'InvalidInput', nonRetryable: true });
  expect(await executionOf(handle.workflowId)).toMatchObject({
    status: 'failed',
    triggered_by: 'temporal',
    requested_by: null,
    error_message: expect.stringMatching(/^The input of runTask is wrong \(.+\): start it with .+ or through the API$/),
  });
});

test('the other workflows refuse a wrong input at once, too', async () => {
  for (const [type, args] of [
    ['runBatch', []],
    ['runBatch', [{ configIds: ['5'] }]],
    ['runBatch', [{ configIds: Array.from({ length: 10_001 }, () => 1) }]],
    ['scrapeReddit', []],
    ['scrapeReddit', [{ executionId: 'one' }]],
    ['mailPasswordReset', []],
    ['mailPasswordReset', ['someone']],
  ] as [keyof typeof workflows, unknown[]][])
    expect(await failureOf(await startInTemporal(type, args))).toMatchObject({
      type: 'InvalidInput',
      message: expect.stringContaining(`The input of ${type} is wrong`),
    });
});

test('each run of a schedule without input fails at once, with a row of its config', async () => {
  const config = await createConfig({ taskType: 'HEALTH_CHECK' });
  const scheduleId = `task-config-${config.id}`;
  const handle = await schedules().create({
    scheduleId,
    spec: { intervals: [{ every: '1s' }] },
    action: {
      type: 'startWorkflow',
      workflowType: 'runTask',
      workflowId: scheduleId,
      taskQueue: taskQueue(),
      args: [],
    },
  });
  const rows = await waitFor(async () => {
    const found = await database()('task_executions').where({ config_id: config.id, status: 'failed' });
    return found.length >= 2 && found;
  });
  await handle.delete();
  expect(rows[0]).toMatchObject({
    task_type: 'HEALTH_CHECK',
    config_name: config.name,
    error_message: expect.stringContaining('The input of runTask is wrong'),
  });
});

test('the schedule of one config runs no other', async () => {
  const [own, other] = [
    await createConfig({ taskType: 'HEALTH_CHECK' }),
    await createConfig({ taskType: 'HEALTH_CHECK' }),
  ];
  const scheduleId = `task-config-${own.id}`;
  const handle = await schedules().create({
    scheduleId,
    spec: {},
    action: {
      type: 'startWorkflow',
      workflowType: 'runTask',
      workflowId: scheduleId,
      taskQueue: taskQueue(),
      args: [{ configId: other.id, triggeredBy: 'schedule' }],
    },
  });
  await handle.trigger();
  const row = await waitFor(
    async () => (await database()('task_executions').where({ config_id: own.id, status: 'failed' }))[0],
  );
  await handle.delete();
  expect(row.error_message).toBe(`The schedule of config ${own.id} starts config ${other.id}: reload its schedule`);
  expect(await database()('task_executions').where({ config_id: other.id })).toEqual([]);
});

describe('who started a run', () => {
  test('is told by the API, which signs its requests', async () => {
    const [requestedBy, { id: configId }] = [await insertUser(), await createConfig({ taskType: 'HEALTH_CHECK' })];
    const handle = await startTask({ configId, requestedBy });
    await handle.result();
    expect(await executionOf(handle.workflowId)).toMatchObject({ triggered_by: 'manual', requested_by: requestedBy });
  });

  test.each([
    ['no signature', (request: RunRequest) => request],
    ['the signature of another workflow', (request: RunRequest) => signatures.sign(`test-${randomUUID()}`, request)],
    [
      'a signature of another request',
      (request: RunRequest, workflowId: string) => ({
        ...signatures.sign(workflowId, { ...request, requestedBy: 1 }),
        requestedBy: request.requestedBy,
      }),
    ],
    ['no text as signature', (request: RunRequest) => ({ ...request, signature: 'nothing' })],
  ])('is nobody of ours with %s', async (_, write) => {
    const [requestedBy, { id: configId }] = [await insertUser(), await createConfig({ taskType: 'HEALTH_CHECK' })];
    const workflowId = `test-${randomUUID()}`;
    const input = write({ configId, triggeredBy: 'manual', requestedBy }, workflowId);
    const handle = await startInTemporal('runTask', [input], { workflowId });
    await handle.result();
    expect(await executionOf(workflowId)).toMatchObject({
      config_id: configId,
      status: 'succeeded',
      triggered_by: 'temporal',
      requested_by: null,
    });
  });

  test('"Start workflow like this one" is a run of its own, and nobody of ours asked for it', async () => {
    const [requestedBy, { id: configId }] = [await insertUser(), await createConfig({ taskType: 'HEALTH_CHECK' })];
    const first = await startTask({ configId, requestedBy });
    await first.result();
    const { events } = await first.fetchHistory();
    const [payload] = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
    const input = JSON.parse(Buffer.from(payload?.data ?? '').toString()) as RunRequest;
    const again = await startInTemporal('runTask', [input], { workflowId: first.workflowId });
    await again.result();
    expect(await database()('task_executions').where({ workflow_id: first.workflowId }).orderBy('id')).toMatchObject([
      { triggered_by: 'manual', requested_by: requestedBy, run_id: first.firstExecutionRunId },
      { triggered_by: 'temporal', requested_by: null, retry_of: null, run_id: again.firstExecutionRunId },
    ]);
  });

  test('is told of a batch, and of the workflows that it starts, in the same way', async () => {
    const [requestedBy, short, long] = [
      await insertUser(),
      await createConfig({ taskType: 'HEALTH_CHECK' }),
      await createConfig({ taskType: 'TEST_SHORT_TIMEOUT', parameters: { sleep_seconds: 0 } }),
    ];
    const origins = async (handle: { workflowId: string; result(): Promise<unknown> }) => {
      await handle.result();
      const rows = await database()('task_executions')
        .where('task_id', 'like', `${handle.workflowId}-%`)
        .orderBy('task_id');
      return rows.map((row) => [row.triggered_by, row.requested_by]);
    };
    const configIds = [short.id, long.id];
    expect(await origins(await startBatch(configIds, requestedBy))).toEqual([
      ['batch', requestedBy],
      ['batch', requestedBy],
    ]);
    expect(await origins(await startInTemporal('runBatch', [{ configIds, requestedBy }]))).toEqual([
      ['temporal', null],
      ['temporal', null],
    ]);
  });
});

test('PostgreSQL keeps no trigger that the API does not know', async () => {
  const { id: configId } = await createConfig({ taskType: 'HEALTH_CHECK' });
  const row = {
    task_id: 't',
    workflow_id: 'w',
    run_id: 'r',
    config_id: configId,
    status: 'running',
    started_at: new Date(),
  };
  await expect(database()('task_executions').insert({ ...row, triggered_by: 'somebody' })).rejects.toThrow(
    /task_executions_triggered_by_check/,
  );
});

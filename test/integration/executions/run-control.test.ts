import { randomUUID } from 'node:crypto';
import { insertExecution } from '../../support/api-support';
import { useRunApi, type RunApi } from '../../support/run-support';

let db: RunApi['db'];
let worker: RunApi['worker'];
let api: RunApi['api'];
let idle: RunApi['idle'];

const { statusOf, ended, running, createSleeper, describeWorkflow } = useRunApi((stack) => {
  ({ db, worker, api, idle } = stack);
});

describe('retrying', () => {
  test('repeats the parameters and limits of the run, linked both ways', async () => {
    const configId = await createSleeper(60, { max_retries: 9 });
    const original = await insertExecution(db.database, {
      config_id: configId,
      status: 'failed',
      parameters: { sleep_seconds: 0 },
      max_retries: 2,
      timeout_seconds: 30,
      priority: 7,
    });
    const answer = await api.root('POST', `/tasks/executions/${original}/retry`);
    expect(answer).toMatchObject({
      status: 200,
      body: { config_id: configId, task_type: 'TEST_TIMEOUT', status: 'submitted', retry_of: original },
    });
    const retry = await ended(answer.body.task_id);
    expect(retry).toMatchObject({
      status: 'succeeded',
      triggered_by: 'retry',
      retry_of: original,
      parameters: { sleep_seconds: 0 },
    });
    expect(await db.database('task_executions').where({ id: retry.id }).first()).toMatchObject({
      max_retries: 2,
      timeout_seconds: 30,
      priority: 7,
      requested_by: api.userIds[0],
    });
    expect(await statusOf(String(original))).toMatchObject({ retried_by: retry.id });
  });

  test('repeats a run by its task id after its config was deleted', async () => {
    const original = await insertExecution(db.database, {
      task_id: 'orphan',
      task_type: 'HEALTH_CHECK',
      status: 'succeeded',
    });
    const { body } = await api.root('POST', '/tasks/executions/orphan/retry', {});
    expect(await ended(body.task_id)).toMatchObject({ config_id: null, retry_of: original, status: 'succeeded' });
  });

  test('refuses a run that goes on, an unknown run, and one whose type was removed', async () => {
    const id = await insertExecution(db.database, { status: 'running' });
    expect(await api.root('POST', `/tasks/executions/${id}/retry`)).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('still running') },
    });
    expect((await api.root('POST', '/tasks/executions/999999/retry')).status).toBe(404);
    const old = await insertExecution(db.database, { task_type: 'REMOVED_TYPE' });
    expect((await api.root('POST', `/tasks/executions/${old}/retry`)).status).toBe(400);
  });
});

describe('stopping', () => {
  test('cancel ends the work, and the run is recorded as cancelled', async () => {
    const { body } = await api.root('POST', `/tasks/execute/${await createSleeper(60)}`);
    const live = await running(body.task_id);
    expect(live.live).toMatchObject({
      history_length: expect.any(Number),
      pending_activities: [{ type: 'executeTask', attempt: 1, last_failure: null }],
    });
    expect(await api.root('POST', `/tasks/executions/${live.id}/cancel`)).toMatchObject({
      status: 200,
      body: { success: true, message: expect.any(String), task_id: body.task_id },
    });
    expect(await ended(body.task_id)).toMatchObject({
      status: 'cancelled',
      is_success: false,
      error_message: expect.stringMatching(/cancel/i),
    });
    expect((await api.root('POST', `/tasks/executions/${live.id}/cancel`)).status).toBe(409);
  });

  test('terminate ends the run at once', async () => {
    const { body } = await api.root('POST', `/tasks/execute/${await createSleeper(60)}`);
    await running(body.task_id);
    expect((await api.root('POST', `/tasks/executions/${body.task_id}/terminate`)).status).toBe(200);
    expect(await statusOf(body.task_id)).toMatchObject({
      status: 'terminated',
      error_message: 'Terminated by root',
      completed_at: expect.any(String),
      attempts: [{ outcome: 'terminated' }],
    });
    expect((await describeWorkflow(body.task_id)).status.name).toBe('TERMINATED');
    expect((await api.root('POST', `/tasks/executions/${body.task_id}/terminate`)).status).toBe(409);
  });

  test.each(['cancel', 'terminate'])('%s reaches a run that has not begun yet', async (how) => {
    const { body } = await idle.root('POST', `/tasks/execute/${await createSleeper(60)}`);
    expect((await api.root('GET', `/tasks/executions/${body.task_id}`)).status).toBe(404);
    expect(await idle.root('POST', `/tasks/executions/${body.task_id}/${how}`)).toMatchObject({
      status: 200,
      body: { task_id: body.task_id },
    });
    const { raw, status } = await describeWorkflow(body.task_id);
    expect(how === 'cancel' ? raw.workflowExtendedInfo?.cancelRequested : status.name === 'TERMINATED').toBe(true);
  });

  test.each(['cancel', 'terminate'])('%s leaves the workflows of others alone', async (how) => {
    const workflowId = `foreign-${randomUUID()}`;
    await worker.temporal.client.workflow.start('somethingElse', { workflowId, taskQueue: 'elsewhere' });
    expect((await api.root('POST', `/tasks/executions/${workflowId}/${how}`)).status).toBe(404);
    const description = await describeWorkflow(workflowId);
    expect([description.status.name, description.raw.workflowExtendedInfo?.cancelRequested ?? false]).toEqual([
      'RUNNING',
      false,
    ]);
    await worker.temporal.client.workflow.getHandle(workflowId).terminate();
  });

  test.each([
    ['cancel', 'cancelled'],
    ['terminate', 'terminated'],
  ])('%s of one run of a batch spares the others', async (how, status) => {
    const workflowId = `batch-${randomUUID()}`;
    const [first, second] = [1, 2].map((n) =>
      insertExecution(db.database, {
        task_id: `${workflowId}-${n}`,
        workflow_id: workflowId,
        batch_index: n,
        status: 'running',
      }),
    );
    expect((await api.root('POST', `/tasks/executions/${await first}/${how}`)).status).toBe(200);
    expect([(await statusOf(String(await first))).status, (await statusOf(String(await second))).status]).toEqual([
      status,
      'running',
    ]);
  });

  test('answers 404 for an unknown run, and 409 for an ended one', async () => {
    const id = await insertExecution(db.database);
    for (const how of ['cancel', 'terminate']) {
      expect((await api.root('POST', `/tasks/executions/999999/${how}`)).status).toBe(404);
      expect((await api.root('POST', `/tasks/executions/no-such-run/${how}`)).status).toBe(404);
      expect((await api.root('POST', `/tasks/executions/${id}/${how}`)).status).toBe(409);
    }
    const stale = await insertExecution(db.database, { status: 'running' });
    expect((await api.root('POST', `/tasks/executions/${stale}/cancel`)).status).toBe(409);
  });
});

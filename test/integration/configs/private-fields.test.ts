import { taskTypes } from '../../../src/tasks/registry';
import { sendEmailParameters } from '../../../src/tasks/send-email/email-parameters';
import { insertConfig, insertExecution, type TestApi, type TestStack, useTestApi } from '../../support/api-support';
import type { Role } from '../../../src/storage/accounts/user';

let { db, api } = {} as TestStack;
let configId: number;
let runIds: number[];
type Ask = TestApi['root'];
let viewer: Ask;
let operator: Ask;
let readKey: Ask;

/** Part of every text in a letter, in its result and in its failures. */
const CANARY = 'whispered';
const LETTER = {
  to_email: [`${CANARY}.to@example.org`],
  cc: [`${CANARY}.cc@example.org`],
  bcc: [`${CANARY}.bcc@example.org`],
  reply_to: `${CANARY}.reply@example.org`,
  subject: `${CANARY} subject`,
  content: `${CANARY} content`,
  html: `<p>${CANARY}</p>`,
};
const RESULT = {
  return_value: {
    config_id: 1,
    to_email: LETTER.to_email,
    subject: LETTER.subject,
    sent: true,
    recipients: [
      { to: LETTER.to_email[0], status: 'sent', response: `250 ${CANARY}`, message_id: '<run-1@example.org>' },
    ],
  },
};
const FAILURE = {
  error_message: `not taken: ${CANARY}.to@example.org`,
  error_traceback: `DeferredMailError: ${CANARY}`,
};

async function userWith(role: Role): Promise<Ask> {
  const [row] = await db
    .database('users')
    .insert({ username: `the-${role}`, email: `${role}@example.com`, hashed_password: 'x', role })
    .returning<{ id: number; session_version: number }[]>(['id', 'session_version']);
  return api.withToken(await api.signIn(row ?? { id: 0, session_version: 0 }));
}

useTestApi('file', (stack) => ({ db, api } = stack));
beforeAll(async () => {
  viewer = await userWith('viewer');
  operator = await userWith('operator');
  const { body } = await api.root('POST', '/auth/api-keys', { name: 'reads', scope: 'read' });
  readKey = api.withToken(body.key);
  configId = await insertConfig(db.database, { name: 'a letter', task_type: 'SEND_EMAIL', parameters: LETTER });
  const run = { config_id: configId, task_type: 'SEND_EMAIL', parameters: LETTER };
  runIds = [
    await insertExecution(db.database, { ...run, result: RESULT }),
    await insertExecution(db.database, { ...run, status: 'failed', ...FAILURE }),
    await insertExecution(db.database, { ...run, status: 'running' }),
  ];
  const failure = {
    type: 'DeferredMailError',
    message: FAILURE.error_message,
    traceback: FAILURE.error_traceback,
    isRetryable: true,
  };
  await db.database('task_attempts').insert({
    execution_id: runIds[1],
    attempt: 1,
    outcome: 'failed',
    worker: 'w',
    started_at: new Date(),
    ended_at: new Date(),
    failure,
  });
});

test('every parameter of a letter is private', () => {
  const own = taskTypes.find(({ name }) => name === 'SEND_EMAIL')?.privateFields;
  expect(own).toEqual(expect.arrayContaining(Object.keys(sendEmailParameters.shape)));
});

test('no route shows a letter to a viewer or to a key with the scope read', async () => {
  const routes = [...api.app.accessByRoute].flatMap(([route, access]) =>
    route.startsWith('GET /api/v1/') && access !== 'admin' && access !== 'open' ? [route.slice('GET '.length)] : [],
  );
  const paths = routes.flatMap((route) => {
    if (!route.includes('/:')) return [route];
    const ids = route.includes('executions/:id') ? [...runIds, configId] : [configId];
    return ids.map((id) => route.replace(/:\w+/, String(id)));
  });
  const queried = paths.flatMap((path) => {
    if (/executions\/(recent|failed|by-config|configs)/.test(path)) return [`${path}?status=all`];
    return path.endsWith('/tasks/configs') ? [path, `${path}?name_search=letter`] : [path];
  });
  expect(queried.length).toBeGreaterThan(30);
  let told = 0;
  for (const path of queried) {
    for (const ask of [viewer, readKey])
      expect([path, (await ask('GET', path)).text]).toEqual([path, expect.not.stringContaining(CANARY)]);
    if ((await operator('GET', path)).text.includes(CANARY)) told += 1;
  }
  // Without these, the routes would have had nothing to hide.
  expect(told).toBeGreaterThanOrEqual(9);
});

test('viewers see the names of parameters, the count of copies and the kind of a failure', async () => {
  const { body: config } = await viewer('GET', `/tasks/configs/${configId}`);
  expect(config).toMatchObject({
    name: 'a letter',
    parameters: Object.fromEntries(Object.keys(LETTER).map((name) => [name, '[redacted]'])),
  });
  const { body: sent } = await viewer('GET', `/tasks/executions/${runIds[0]}`);
  expect(sent.result.return_value).toEqual({
    config_id: 1,
    to_email: '[redacted]',
    subject: '[redacted]',
    sent: true,
    recipients: [{ to: '[redacted]', status: 'sent', response: '[redacted]', message_id: '<run-1@example.org>' }],
  });
  const { body: failed } = await viewer('GET', `/tasks/executions/${runIds[1]}`);
  expect(failed).toMatchObject({
    status: 'failed',
    error_message: '[redacted]',
    error_traceback: '[redacted]',
    attempts: [
      { failure: { type: 'DeferredMailError', message: '[redacted]', traceback: '[redacted]', isRetryable: true } },
    ],
  });
  const { body: whole } = await operator('GET', `/tasks/executions/${runIds[1]}`);
  expect(whole).toMatchObject({
    parameters: LETTER,
    ...FAILURE,
    attempts: [{ failure: { message: FAILURE.error_message } }],
  });
});

test('concurrent requests for the same page are answered by the role of each user', async () => {
  const path = `/tasks/configs/${configId}`;
  const asks = Array.from({ length: 60 }, (_, index) => ({
    isViewer: index % 2 === 0,
    ask: [viewer, operator, readKey, api.root][index % 4] ?? viewer,
  }));
  const answers = await Promise.all(
    asks.map(async ({ isViewer, ask }) => ({ isViewer, hasLetter: (await ask('GET', path)).text.includes(CANARY) })),
  );
  expect(answers.filter(({ isViewer, hasLetter }) => isViewer === hasLetter)).toEqual([]);
});

test('in other task types fields named like secrets are private; in an unknown type all fields are', async () => {
  const cleanup = await insertConfig(db.database, {
    task_type: 'CLEANUP_TOKENS',
    parameters: { days_old: 3, api_key: 'k', nested: [{ Password: 'p' }] },
  });
  expect((await viewer('GET', `/tasks/configs/${cleanup}`)).body.parameters).toEqual({
    days_old: 3,
    api_key: '[redacted]',
    nested: [{ Password: '[redacted]' }],
  });
  const run = await insertExecution(db.database, {
    task_type: 'CLEANUP_TOKENS',
    result: { return_value: { expired_reset_tokens: 3 } },
  });
  expect((await viewer('GET', `/tasks/executions/${run}`)).body.result).toEqual({
    return_value: { expired_reset_tokens: 3 },
  });
  const gone = await insertConfig(db.database, { task_type: 'SEND_LETTER', parameters: { to: 'ann@example.org' } });
  expect((await viewer('GET', `/tasks/configs/${gone}`)).body.parameters).toEqual({ to: '[redacted]' });
  expect((await operator('GET', `/tasks/configs/${gone}`)).body.parameters).toEqual({ to: 'ann@example.org' });
});

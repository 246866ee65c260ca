import { PASSWORD, type TestStack, useTestApi } from '../../support/api-support';

let { db, api } = {} as TestStack;
useTestApi('test', (stack) => ({ db, api } = stack));

const NEW_PASSWORD = 'another long one';
const login = (password: string) => api.anonymous('POST', '/auth/login', { username: 'user', password });
const verify = (token: string) =>
  api.anonymous('POST', `/auth/verify-reset-token?token=${encodeURIComponent(token)}`, {});
const reset = (token: string, new_password = NEW_PASSWORD) =>
  api.anonymous('POST', '/auth/reset-password', { token, new_password });

async function forgot(email: string) {
  const answer = await api.anonymous('POST', '/auth/forgot-password', { email });
  await api.services.resets.settle();
  return answer;
}
async function askToken(): Promise<string> {
  await forgot('user@example.com');
  const { public_id: id } = await db.database('password_resets').where({ user_id: api.userIds[1] }).first();
  return api.resetTokens.tokenOf(id);
}

test('answers alike for every address, and mails only users who may sign in', async () => {
  const known = await forgot('user@EXAMPLE.com');
  for (const email of ['nobody@example.com', 'idle@example.com'])
    expect(await forgot(email)).toMatchObject({ status: known.status, text: known.text });
  expect([known.status, known.body]).toEqual([200, { message: expect.any(String), success: true }]);
  const rows = await db.database('password_resets');
  expect(rows).toMatchObject([{ user_id: api.userIds[1], mail_state: 'pending', mailed_at: null }]);
  for (const email of ['nobody', 'user@example.com\r\nBcc: other@example.com'])
    expect((await api.anonymous('POST', '/auth/forgot-password', { email })).body.detail).toMatchObject([
      { type: 'value_error', loc: ['body', 'email'] },
    ]);
});

test('sets the password once by a token, and ends all sessions', async () => {
  const token = await askToken();
  const { access_token, refresh_token } = (await login(PASSWORD)).body;
  expect((await verify(token)).body).toEqual({ message: expect.any(String), success: true });
  expect(await reset(token)).toMatchObject({ status: 200, body: { message: expect.any(String), success: true } });
  expect((await api.withToken(access_token)('GET', '/auth/me')).status).toBe(401);
  expect((await api.anonymous('POST', '/auth/refresh', { refresh_token })).status).toBe(401);
  expect([(await login(PASSWORD)).status, (await login(NEW_PASSWORD)).status]).toEqual([401, 200]);
  expect((await verify(token)).body.success).toBe(false);
  expect((await reset(token, 'yet another one')).status).toBe(400);
  expect((await login(NEW_PASSWORD)).status).toBe(200);
});

test('lets one of several concurrent uses of a token succeed', async () => {
  const token = await askToken();
  const answers = await Promise.all(Array.from({ length: 4 }, (_, index) => reset(token, `another long one ${index}`)));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400]);
  const winner = answers.findIndex(({ status }) => status === 200);
  expect((await login(`another long one ${winner}`)).status).toBe(200);
});

test('accepts only the newest token, for an hour, for an active user; stores its hash', async () => {
  const [first, second] = [await askToken(), await askToken()];
  expect([(await verify(first)).body.success, (await verify(second)).body.success]).toEqual([false, true]);
  expect((await reset(first)).status).toBe(400);
  const rows = await db.database('password_resets');
  expect(rows).toHaveLength(1);
  expect(JSON.stringify(rows)).not.toContain(second);
  expect(rows[0].expires_at - rows[0].created_at).toBe(3_600_000);

  await db.database('password_resets').update({ expires_at: new Date(Date.now() - 1_000) });
  expect((await verify(second)).body.success).toBe(false);
  expect((await reset(second)).status).toBe(400);

  const third = await askToken();
  await api.root('PATCH', `/users/${api.userIds[1]}`, { is_active: false });
  expect((await reset(third)).status).toBe(400);
  await api.root('DELETE', `/users/${api.userIds[1]}`);
  expect((await reset(third)).status).toBe(400);
  expect(await db.database('password_resets')).toEqual([]);
});

test('keeps the token valid after an unacceptable password', async () => {
  const token = await askToken();
  expect((await reset(token, 'short77')).body.detail).toMatchObject([
    { type: 'string_too_short', loc: ['body', 'new_password'] },
  ]);
  expect((await reset(token, 'password123')).status).toBe(400);
  expect((await reset(token)).status).toBe(200);
});

test('takes the token to verify from the query or the body', async () => {
  const token = await askToken();
  expect((await api.anonymous('POST', '/auth/verify-reset-token', { token })).body.success).toBe(true);
  expect((await api.anonymous('POST', `/auth/verify-reset-token?token=${token}`)).body.success).toBe(true);
  expect(await verify("' or 1=1 --")).toMatchObject({ status: 200, body: { success: false } });
  for (const body of [undefined, {}]) {
    const answer = await api.anonymous('POST', '/auth/verify-reset-token', body);
    expect([answer.status, answer.body.detail]).toMatchObject([422, [{ type: 'missing', loc: ['query', 'token'] }]]);
  }
  expect((await api.anonymous('POST', '/auth/reset-password', {})).body.detail).toMatchObject([
    { loc: ['body', 'token'] },
    { loc: ['body', 'new_password'] },
  ]);
});

test('invalidates a pending link when password or address change', async () => {
  const [, id] = api.userIds;
  for (const change of [{ password: 'another long one' }, { email: 'moved@example.com' }]) {
    await db.database('users').where({ id }).update({ email: 'user@example.com' });
    const token = await askToken();
    expect((await api.root('PATCH', `/users/${id}`, { full_name: 'Same' })).status).toBe(200);
    expect((await verify(token)).body.success).toBe(true);
    expect((await api.root('PATCH', `/users/${id}`, change)).status).toBe(200);
    expect([(await verify(token)).body.success, (await reset(token)).status]).toEqual([false, 400]);
  }
});

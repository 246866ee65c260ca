import { requestLogFields } from '../../../src/api/plugins/request-logging';
import { createLogger } from '../../../src/platform/logger';
import { PASSWORD, SECRET, type TestStack, useTestApi } from '../../support/api-support';

const METRICS_TOKEN = 'a token for metrics alone';
const lines: string[] = [];
const log = createLogger(
  { name: 'api', level: 'trace', context: requestLogFields },
  { write: (line: string) => void lines.push(line) },
);
let { db, api } = {} as TestStack;
useTestApi('file', (stack) => ({ db, api } = stack), { log, app: { metricsToken: METRICS_TOKEN } });

const secrets = new Set<string>([SECRET, METRICS_TOKEN, PASSWORD]);
const secret = (text: string) => {
  secrets.add(text);
  return text;
};
const json = (url: string, payload: string, method: 'POST' | 'PATCH' = 'POST') =>
  api.app.inject({
    method,
    url: `/api/v1${url}`,
    payload,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${api.tokens[1]}` },
  });
async function login(username: string, password: string) {
  const { status, body } = await api.anonymous('POST', '/auth/login', { username, password });
  for (const token of [body.access_token, body.refresh_token]) if (token) secret(token as string);
  return { status, ...body };
}
async function keepHashes() {
  for (const { hashed_password } of await db.database('users').select('hashed_password'))
    secret(hashed_password as string);
}
async function askResetToken() {
  await api.anonymous('POST', '/auth/forgot-password', { email: 'user@example.com' });
  await api.services.resets.settle();
  const { public_id: id } = await db.database('password_resets').where({ user_id: api.userIds[1] }).first();
  return secret(api.resetTokens.tokenOf(id));
}

test('no password, token or hash reaches the log, whether requests succeed or fail', async () => {
  for (const token of api.tokens) secret(token);
  await keepHashes();
  // Requests that succeed.
  expect(
    (
      await api.anonymous('POST', '/auth/register', {
        username: 'ann',
        email: 'ann@example.org',
        password: secret('a password of Ann'),
      })
    ).status,
  ).toBe(201);
  const pair = await login('ann', 'a password of Ann');
  const { body: next } = await api.anonymous('POST', '/auth/refresh', { refresh_token: pair.refresh_token });
  for (const token of [next.access_token, next.refresh_token]) secret(token as string);
  expect(
    (await api.withToken(next.access_token as string)('POST', '/auth/revoke', { token: next.refresh_token })).status,
  ).toBe(204);
  expect(
    (
      await api.root('POST', '/users', {
        username: 'bea',
        email: 'bea@example.org',
        password: secret('a password of Bea'),
      })
    ).status,
  ).toBe(201);
  const token = await askResetToken();
  expect((await api.anonymous('POST', `/auth/verify-reset-token?token=${token}`, {})).body.success).toBe(true);
  expect(
    (await api.anonymous('POST', '/auth/reset-password', { token, new_password: secret('a new password of User') }))
      .status,
  ).toBe(200);
  expect(
    (await api.root('PATCH', `/users/${api.userIds[2]}`, { password: secret('a new password of Idle') })).status,
  ).toBe(200);
  expect(
    (await api.app.inject({ url: '/metrics', headers: { authorization: `Bearer ${METRICS_TOKEN}` } })).statusCode,
  ).toBe(200);
  // Requests that are refused.
  for (const username of ['ann', secret('typed as a name by mistake')])
    await login(username, secret(`wrong password for ${username}`));
  await api.anonymous('POST', '/auth/login', { username: 'ann', password: secret('short'.slice(0, 4) + '#') });
  await json('/auth/login', `{"username": "ann", "password": "${secret('in broken JSON')}"`);
  await json('/auth/login', `{"username": "ann", "password":x "${secret('in JSON that is more broken')}"`);
  await api.app.inject({
    method: 'POST',
    url: '/api/v1/auth/login',
    payload: `username=ann&password=${secret('in-a-form')}`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  await api.anonymous('POST', '/auth/login', {
    username: 'ann',
    password: secret('in a body too large'),
    more: 'x'.repeat(2_000_000),
  });
  await api.anonymous('GET', `/auth/me?token=${secret('in-a-query')}&password=${secret('in-another-query')}`);
  await api.anonymous('POST', '/auth/refresh', {
    refresh_token: secret(`${String(pair.refresh_token).slice(0, -4)}AAAA`),
  });
  await api.anonymous('POST', '/auth/reset-password', {
    token: secret('a guessed reset token'),
    new_password: secret('password for a guess'),
  });
  await api.withToken(secret(`${String(pair.access_token).slice(0, -4)}AAAA`))('GET', '/auth/me');
  await api.app.inject({
    url: '/api/v1/auth/me',
    headers: {
      authorization: `Basic ${secret(Buffer.from('ann:pw').toString('base64'))}`,
      cookie: `session=${secret('in-a-cookie')}`,
    },
  });
  await api.app.inject({
    url: '/metrics',
    headers: { authorization: `Bearer ${secret('not the token for metrics')}` },
  });
  await api.root('POST', '/users', {
    username: 'ann',
    email: 'other@example.org',
    password: secret('a password of nobody'),
  });
  await keepHashes();
  // Requests that fail inside: PostgreSQL names the whole refused row in its error, hash included.
  await db.database.raw("alter table users add constraint refuses check (full_name <> 'refused') not valid");
  expect(
    (
      await api.root('PATCH', `/users/${api.userIds[2]}`, {
        password: secret('a password that is not stored'),
        full_name: 'refused',
      })
    ).status,
  ).toBe(500);
  expect(
    (
      await api.anonymous('POST', '/auth/register', {
        username: 'cia',
        email: 'cia@example.org',
        full_name: 'refused',
        password: secret('a password of Cia'),
      })
    ).status,
  ).toBe(500);
  await db.database.raw('alter table users drop constraint refuses');
  await db.database.raw('alter table password_resets rename to gone');
  await api.anonymous('POST', '/auth/forgot-password', { email: 'user@example.com' });
  await api.services.resets.settle();
  expect(
    (
      await api.anonymous('POST', '/auth/reset-password', {
        token: secret('a token for no table'),
        new_password: secret('a password for no table'),
      })
    ).status,
  ).toBe(500);

  const text = lines.join('\n');
  expect(lines.filter((line) => line.includes('"request failed"')).length).toBe(3);
  expect([...secrets].filter((one) => text.includes(one))).toEqual([]);
  // Not even a part of one.
  expect(/\$argon2|\$2b\$|eyJ[\w-]{10}|cia@example\.org/.exec(text)).toBeNull();
  // The audit log is a log too.
  const entries = JSON.stringify(await db.database('audit_log'));
  expect(entries).toContain('auth.login');
  expect([...secrets].filter((one) => entries.includes(one))).toEqual(['typed as a name by mistake']);
});

test('every answer has a request id, and so have its lines in the log', async () => {
  for (const [url, status] of [
    ['/api/v1/auth/me', 401],
    ['/nothing', 401],
    ['/docs/nothing', 404],
    ['/health/live', 200],
    ['/openapi.json', 200],
  ] as const) {
    const { headers, statusCode } = await api.app.inject({ url, headers: { 'x-request-id': 'chosen by the caller' } });
    expect([url, statusCode, headers['x-request-id']]).toEqual([url, status, expect.stringMatching(/^[\da-f-]{36}$/)]);
    expect(lines.filter((line) => JSON.parse(line).reqId === headers['x-request-id']).length).toBeGreaterThan(0);
  }
});

import { createHmac, createSign, generateKeyPairSync } from 'node:crypto';
import { PASSWORD, SECRET, type TestStack, useTestApi } from '../../support/api-support';

let { api } = {} as TestStack;
useTestApi('file', (stack) => ({ api } = stack));
let access: string;
let refresh: string;
beforeAll(async () => {
  ({ access_token: access, refresh_token: refresh } = (
    await api.anonymous('POST', '/auth/login', { username: 'user', password: PASSWORD })
  ).body);
});

type Claims = Record<string, unknown>;
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const claims = (token = access): Claims => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
const without = (name: string, token = access) =>
  Object.fromEntries(Object.entries(claims(token)).filter(([key]) => key !== name));
const HASHES: Record<string, string> = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' };
function hmac(
  payload: Claims,
  { alg = 'HS256', key = SECRET, ...header }: { alg?: string; key?: string | Buffer; [name: string]: unknown } = {},
) {
  const signed = `${encode({ alg, typ: 'JWT', ...header })}.${encode(payload)}`;
  return `${signed}.${createHmac(HASHES[alg] ?? 'sha256', key)
    .update(signed)
    .digest('base64url')}`;
}
const unsigned = (alg: string, signature = '') => `${encode({ alg, typ: 'JWT' })}.${encode(claims())}.${signature}`;
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
function rsa(header: object = {}) {
  const signed = `${encode({ alg: 'RS256', typ: 'JWT', ...header })}.${encode(claims())}`;
  return `${signed}.${createSign('sha256').update(signed).sign(privateKey, 'base64url')}`;
}
const PEM = publicKey.export({ type: 'spki', format: 'pem' });
const me = (token: string) => api.withToken(token)('GET', '/auth/me');

test('accepts a token that this file makes as the API does: the others are refused for their faults', async () => {
  expect((await me(hmac(claims()))).status).toBe(200);
});

test.each<[string, () => string]>([
  ['no algorithm', () => unsigned('none')],
  ['no algorithm, in another case', () => unsigned('nOnE')],
  ['no algorithm, but a signature', () => unsigned('none', access.split('.')[2])],
  ['no signature', () => unsigned('HS256')],
  ['an empty algorithm', () => unsigned('')],
  ['another key', () => hmac(claims(), { key: 'another secret that is long enough, too' })],
  ['an empty key', () => hmac(claims(), { key: '' })],
  ['the right key, but another hash', () => hmac(claims(), { alg: 'HS512' })],
  [
    'the right key, but another hash than its header says',
    () => hmac(claims(), { alg: 'HS384' }).replace(/^[^.]+/, encode({ alg: 'HS256', typ: 'JWT' })),
  ],
  ['an RSA key', () => rsa()],
  ['an RSA key in its own header', () => rsa({ jwk: publicKey.export({ format: 'jwk' }) })],
  ['a URL of its RSA key', () => rsa({ jku: 'http://127.0.0.1:9/keys', x5u: 'http://127.0.0.1:9/cert' })],
  ['a public key as if it were the secret', () => hmac(claims(), { key: PEM })],
  [
    'an HMAC whose header says RSA',
    () => hmac(claims(), { key: SECRET }).replace(/^[^.]+/, encode({ alg: 'RS256', typ: 'JWT' })),
  ],
  ['the name of an empty file as its key', () => hmac(claims(), { key: '', kid: '../../../../dev/null' })],
  ['an injection as its key', () => hmac(claims(), { key: 'x', kid: "' UNION SELECT 'x' --" })],
  [
    'another user in the payload',
    () => access.replace(/\.[^.]+\./, `.${encode({ ...claims(), sub: String(api.userIds[0]) })}.`),
  ],
  [
    'a later expiry in the payload',
    () => access.replace(/\.[^.]+\./, `.${encode({ ...claims(), exp: 9_999_999_999 })}.`),
  ],
  ['a cut-off signature', () => access.slice(0, -1)],
  ['more than three parts', () => `${access}.x`],
  ['two parts', () => access.split('.').slice(0, 2).join('.')],
  ['no parts', () => '..'],
  ['a payload that is no object', () => `${encode({ alg: 'HS256' })}.${Buffer.from('"x"').toString('base64url')}.x`],
  ['characters outside ASCII', () => `${access}令牌`.replace(/[^\x20-\x7e]/g, '%E4')],
])('a token with %s is refused, both as access and as refresh token', async (_what, make) => {
  const { status, headers, body } = await me(make());
  expect([status, headers['www-authenticate'], body]).toEqual([401, 'Bearer', { detail: expect.any(String) }]);
  expect((await api.anonymous('POST', '/auth/refresh', { refresh_token: make() })).status).toBe(401);
});

// Only the holder of the key can make these tokens. The API must still answer them, and refuse.
test.each<[string, () => Claims]>([
  ['expired', () => ({ ...claims(), exp: Math.floor(Date.now() / 1_000) - 1 })],
  ['not yet valid', () => ({ ...claims(), nbf: 9_999_999_999 })],
  ['without an expiry', () => without('exp')],
  ['with an expiry that is not a number', () => ({ ...claims(), exp: 'never' })],
  ['without a user', () => without('sub')],
  ['without a session', () => without('sid')],
  ['without an id', () => without('jti')],
  ['without a kind', () => without('type')],
  ['of an unknown kind', () => ({ ...claims(), type: 'reset_token' })],
  ['of two kinds', () => ({ ...claims(), type: ['access_token', 'refresh_token'] })],
  ['with a session that is not a string', () => ({ ...claims(), sid: { $ne: null } })],
  ['with a pattern in place of a session', () => ({ ...claims(), sid: '*' })],
  ['with a user that is no number', () => ({ ...claims(), sub: 'root' })],
  ['with a user that is a list', () => ({ ...claims(), sub: [String(api.userIds[1])] })],
  ['with a user beyond the range of ids', () => ({ ...claims(), sub: '99999999999' })],
  ['with a negative user', () => ({ ...claims(), sub: '-1' })],
  ['with an empty user', () => ({ ...claims(), sub: '' })],
  ['with another user', () => ({ ...claims(), sub: String(api.userIds[0]) })],
])('a token %s is refused', async (_what, make) => {
  const { status, body } = await me(hmac(make()));
  expect([[401, 404].includes(status) ? 'refused' : status, body]).toEqual(['refused', { detail: expect.any(String) }]);
});

test('a refresh token does not work as an access token, nor an access token as a refresh token', async () => {
  expect((await me(refresh)).status).toBe(401);
  expect((await api.anonymous('POST', '/auth/refresh', { refresh_token: access })).status).toBe(401);
  expect(
    (
      await api.anonymous('POST', '/auth/refresh', {
        refresh_token: hmac({ ...claims(refresh), type: 'refresh_token', jti: 'made here' }),
      })
    ).status,
  ).toBe(401);
});

test('a token outside the Authorization header is ignored', async () => {
  const ask = (url: string, headers: Record<string, string> = {}) => api.app.inject({ url: `/api/v1${url}`, headers });
  for (const [url, headers] of [
    [`/auth/me?token=${access}`],
    [`/auth/me?access_token=${access}`],
    ['/auth/me', { cookie: `access_token=${access}; token=${access}` }],
    ['/auth/me', { 'x-access-token': access }],
    ['/auth/me', { 'proxy-authorization': `Bearer ${access}` }],
    ['/auth/me', { authorization: access }],
    ['/auth/me', { authorization: `Bearer ${access} ${access}` }],
    ['/auth/me', { authorization: `Bearer${access}` }],
    ['/auth/me', { authorization: `Bearer "${access}"` }],
    ['/auth/me', { authorization: `Basic ${Buffer.from(`user:${PASSWORD}`).toString('base64')}` }],
  ] as [string, Record<string, string>?][]) {
    expect([url.slice(0, 20), headers, (await ask(url, headers)).statusCode]).toEqual([url.slice(0, 20), headers, 401]);
  }
});

import { type TestStack, useTestApi } from '../../support/api-support';

const ORIGIN = 'https://app.example';

let { api } = {} as TestStack;
useTestApi('file', (stack) => ({ api } = stack), { app: { corsOrigins: [ORIGIN] } });

const JSON_TYPE = { 'content-type': 'application/json' };
const inject = (
  method: 'GET' | 'POST' | 'DELETE',
  url: string,
  headers: Record<string, string> = {},
  payload?: string | Buffer,
) =>
  api.app.inject({
    method,
    url,
    headers: { authorization: `Bearer ${api.tokens[0]}`, ...headers },
    payload,
  });

describe('cross-origin requests', () => {
  const preflight = (origin: string) =>
    api.app.inject({
      method: 'OPTIONS',
      url: '/api/v1/tasks/configs',
      headers: { origin, 'access-control-request-method': 'PATCH', 'access-control-request-headers': 'authorization' },
    });

  test('a preflight request needs no token', async () => {
    const answer = await preflight(ORIGIN);
    expect(answer.statusCode).toBe(204);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': ORIGIN,
      'access-control-allow-credentials': 'true',
      'access-control-allow-headers': 'authorization',
    });
    expect(answer.headers['access-control-allow-methods']).toContain('PATCH');
  });

  test('another origin gets no permission', async () => {
    expect((await preflight('https://evil.example')).headers['access-control-allow-origin']).toBeUndefined();
  });

  test('a page may read how long to wait, and how to sign in', async () => {
    const answer = await api.anonymous('GET', '/auth/me', undefined, { origin: ORIGIN });
    expect(String(answer.headers['access-control-expose-headers']).split(', ')).toEqual(
      expect.arrayContaining(['Retry-After', 'WWW-Authenticate', 'X-Request-ID', 'ETag']),
    );
  });

  test('a refusal has the CORS headers too', async () => {
    const answer = await api.anonymous('GET', '/auth/me', undefined, { origin: ORIGIN });
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([401, ORIGIN]);
  });
});

describe('the allowed origin', () => {
  const CORS = 'access-control-allow-origin';

  test('is matched exactly: similar origins get no permission', async () => {
    for (const origin of [
      'https://evil.example',
      'https://app.example.evil.example',
      'https://evilapp.example',
      'http://app.example',
      'https://app.example:444',
      'null',
      'https://APP.example.evil',
      '*',
      '',
    ]) {
      for (const method of ['GET', 'OPTIONS'] as const) {
        const { headers } = await api.app.inject({
          method,
          url: '/api/v1/auth/me',
          headers: { origin, 'access-control-request-method': 'GET' },
        });
        expect([origin, method, headers[CORS]]).toEqual([origin, method, undefined]);
      }
    }
  });

  test('is named on every answer, which varies by Origin for caches', async () => {
    const gone = async () => inject('GET', '/api/v1/nothing', { origin: ORIGIN });
    const answers = [
      await inject('GET', '/api/v1/auth/me', { origin: ORIGIN }),
      await api.app.inject({ url: '/api/v1/auth/me', headers: { origin: ORIGIN } }),
      await gone(),
      await inject('DELETE', '/api/v1/auth/me', { origin: ORIGIN }),
      await inject('POST', '/api/v1/users', { origin: ORIGIN, ...JSON_TYPE }, '{'),
      await inject('POST', '/api/v1/users', { origin: ORIGIN, ...JSON_TYPE }, 'x'.repeat(2_000_000)),
    ];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 401, 404, 405, 422, 413]);
    for (const { statusCode, headers } of answers) {
      expect([statusCode, headers[CORS], headers['access-control-allow-credentials'], headers.vary]).toEqual([
        statusCode,
        ORIGIN,
        'true',
        expect.stringContaining('Origin'),
      ]);
      expect(String(headers['access-control-expose-headers'])).toContain('X-Request-ID');
    }
  });

  test('may use every method and header on any path, without a token', async () => {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      const { statusCode, headers } = await api.app.inject({
        method: 'OPTIONS',
        url: '/api/v1/not/there',
        headers: {
          origin: ORIGIN,
          'access-control-request-method': method,
          'access-control-request-headers': 'authorization, content-type, idempotency-key, x-anything',
        },
      });
      expect([
        statusCode,
        headers[CORS],
        String(headers['access-control-allow-methods']).includes(method),
        headers['access-control-allow-headers'],
      ]).toEqual([204, ORIGIN, true, 'authorization, content-type, idempotency-key, x-anything']);
    }
  });
});

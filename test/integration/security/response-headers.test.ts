import { PASSWORD, type TestStack, useTestApi } from '../../support/api-support';

let { api } = {} as TestStack;
useTestApi('file', (stack) => ({ api } = stack));

describe('security headers', () => {
  const headersOf = async (url: string) => (await api.app.inject({ url })).headers;

  test('are on every answer, refusals included', async () => {
    for (const url of [
      '/api/v1/auth/me',
      '/api/v1/tasks/configs',
      '/nothing',
      '/health/live',
      '/openapi.json',
      '/metrics',
    ]) {
      expect(await headersOf(url)).toMatchObject({
        'content-security-policy': "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'strict-transport-security': expect.stringContaining('max-age='),
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
      });
    }
  });

  test('forbid caches to store answers of the API', async () => {
    for (const url of ['/api/v1/auth/me', '/api/v1/nothing'])
      expect((await headersOf(url))['cache-control']).toBe('no-store');
    expect(
      (await api.anonymous('POST', '/auth/login', { username: 'root', password: PASSWORD })).headers['cache-control'],
    ).toBe('no-store');
  });

  test('do not name the server software', async () => {
    const headers = await headersOf('/health/live');
    expect(Object.keys(headers)).not.toEqual(expect.arrayContaining(['x-powered-by']));
    expect(headers.server).toBeUndefined();
  });
});

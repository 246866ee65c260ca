import { useContract } from './contract-api';

const contract = useContract([]);
const { root, anonymous } = contract;

describe('a request', () => {
  const send = (
    method: 'GET' | 'POST' | 'DELETE' | 'HEAD' | 'OPTIONS' | 'PATCH',
    url: string,
    more: { payload?: string; headers?: Record<string, string> } = {},
  ) =>
    contract.api.app.inject({
      method,
      url: `/api/v1${url}`,
      payload: more.payload,
      headers: { authorization: `Bearer ${contract.api.tokens[0]}`, ...more.headers },
    });

  test('accepts a trailing slash', async () => {
    for (const path of [
      '/auth/me/',
      '/users/',
      '/users/?name=root',
      '/tasks/configs/',
      '/tasks/executions/recent/',
      '/reddit/posts/',
    ])
      expect([path, (await root('GET', path)).status]).toEqual([path, 200]);
  });

  test('answers HEAD like GET, without the body', async () => {
    for (const path of [
      '/auth/me',
      '/users',
      '/tasks/configs',
      '/tasks/schedules/summary',
      '/tasks/configs/2147483647',
    ]) {
      const [head, get] = [await send('HEAD', path), await send('GET', path)];
      expect([path, head.statusCode, head.body]).toEqual([path, get.statusCode, '']);
      expect(head.headers['content-type']).toBe(get.headers['content-type']);
    }
    expect((await anonymous('GET', '/users')).status).toBe(401);
    expect((await contract.api.app.inject({ method: 'HEAD', url: '/api/v1/users' })).statusCode).toBe(401);
  });

  test('answers OPTIONS without a token and without content', async () => {
    for (const url of ['/tasks/configs', '/nothing/here'])
      expect(await contract.api.app.inject({ method: 'OPTIONS', url: `/api/v1${url}` })).toMatchObject({
        statusCode: 204,
        body: '',
      });
  });

  test('ignores bodies of GET and DELETE', async () => {
    for (const payload of ['{}', 'nonsense', '{"limit": 0}']) {
      expect(
        (await send('GET', '/users', { payload, headers: { 'content-type': 'application/json' } })).statusCode,
      ).toBe(200);
      expect(
        (
          await send('DELETE', '/tasks/executions/cleanup', {
            payload,
            headers: { 'content-type': 'application/json' },
          })
        ).statusCode,
      ).toBe(200);
    }
    expect(
      (await send('DELETE', '/tasks/executions/cleanup', { headers: { 'content-type': 'application/json' } }))
        .statusCode,
    ).toBe(200);
  });

  test('reports a missing body, whatever the content type', async () => {
    for (const headers of [{}, { 'content-type': 'application/json' }, { 'content-type': 'text/plain' }]) {
      for (const url of [
        '/auth/login',
        '/users',
        '/tasks/configs',
        '/tasks/schedules/batch/start',
        '/tasks/execute/batch',
      ]) {
        const answer = await send('POST', url, { headers: headers as Record<string, string> });
        expect([url, answer.statusCode, answer.json().detail]).toEqual([
          url,
          422,
          [{ type: 'missing', loc: ['body'], msg: 'Field required', input: null }],
        ]);
      }
    }
  });

  test('reports a body that is no JSON object', async () => {
    const json = { 'content-type': 'application/json' };
    for (const [payload, expected] of [
      ['[]', { type: 'dict_type', loc: ['body'], input: [] }],
      ['"x"', { type: 'dict_type', loc: ['body'], input: 'x' }],
      ['7', { type: 'dict_type', loc: ['body'], input: 7 }],
      ['{"a":}', { type: 'json_invalid', loc: ['body', 5], input: {} }],
      ["{'a': 1}", { type: 'json_invalid', loc: ['body', 1], input: {} }],
      ['{"a": NaN}', { type: 'json_invalid', loc: ['body', 6], input: {} }],
      ['{', { type: 'json_invalid', loc: ['body', 1], input: {} }],
    ] as const) {
      const answer = await send('POST', '/tasks/schedules/batch/start', { payload, headers: json });
      expect([payload, answer.statusCode, answer.json()]).toMatchObject([payload, 422, { detail: [expected] }]);
    }
  });

  test('accepts any form of application/json or none; other content types are no JSON', async () => {
    const payload = '{"config_ids":[2147483647]}';
    for (const type of ['application/json', 'Application/JSON; charset=utf-8', 'application/merge-patch+json'])
      expect([
        type,
        (await send('POST', '/tasks/schedules/batch/start', { payload, headers: { 'content-type': type } })).statusCode,
      ]).toEqual([type, 200]);
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'application/xml',
      'json',
      ';;;',
      'a/b/c',
    ]) {
      const answer = await send('POST', '/tasks/schedules/batch/start', { payload, headers: { 'content-type': type } });
      expect([type, answer.statusCode, answer.json().detail]).toMatchObject([
        type,
        422,
        [{ type: 'dict_type', loc: ['body'] }],
      ]);
    }
  });

  test('accepts numbers as strings and unknown keys, as old clients send them', async () => {
    expect(
      (await root('POST', '/tasks/schedules/batch/stop', { config_ids: ['2147483647'], unknown: { deep: [1] } })).body,
    ).toMatchObject({ total: 1, failed_count: 1 });
  });
});

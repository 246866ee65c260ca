import { createOpenapiDocument } from '../../../src/api/openapi/openapi-document';
import { EXAMPLES } from '../../../src/api/openapi/openapi-examples';
import { type TestStack, useTestApi } from '../../support/api-support';

let { api } = {} as TestStack;
useTestApi('file', (stack) => ({ api } = stack));

describe('the API document', () => {
  test('links only to operations that exist', async () => {
    const { paths } = JSON.parse(JSON.stringify(await createOpenapiDocument())) as {
      paths: Record<
        string,
        Record<string, { responses: Record<string, { links?: Record<string, { operationRef: string }> }> }>
      >;
    };
    const refs = Object.values(paths)
      .flatMap((methods) => Object.values(methods))
      .flatMap(({ responses }) => Object.values(responses))
      .flatMap(({ links = {} }) => Object.values(links))
      .map(({ operationRef }) => operationRef);
    expect(refs.length).toBeGreaterThan(10);
    for (const ref of refs) {
      const [path = '', method = ''] = ref
        .replace('#/paths/', '')
        .split('/')
        .map((part) => part.replaceAll('~1', '/'));
      expect([ref, paths[path]?.[method]]).toEqual([ref, expect.anything()]);
    }
  });

  test('is public, and its page may load its own scripts', async () => {
    const document = await api.app.inject({ url: '/openapi.json' });
    expect([document.statusCode, document.json().openapi]).toEqual([200, '3.1.0']);
    const page = await api.app.inject({ url: '/docs/' });
    expect([page.statusCode, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    const policy = String(page.headers['content-security-policy']);
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toContain('upgrade-insecure-requests');
    // Swagger UI sets styles from its scripts. Without this, the browser would log an error for each.
    expect(policy).toContain("style-src 'self' 'unsafe-inline'");
    expect(page.body).toContain('<title>Taskloom API</title>');
    const initializer = await api.app.inject({ url: '/docs/static/swagger-initializer.js' });
    expect(initializer.body).toContain('"layout":"BaseLayout"');
    expect((await api.app.inject({ url: '/docs/static/theme/taskloom.css' })).statusCode).toBe(200);
    const scripts = [...page.body.matchAll(/src="([^"]+)"/g)].map(
      (match) => new URL(match[1] ?? '', 'http://localhost/docs/').pathname,
    );
    expect(scripts.length).toBeGreaterThan(1);
    for (const script of scripts)
      expect([script, (await api.app.inject({ url: script })).statusCode]).toEqual([script, 200]);
  });

  test('has public liveness and readiness probes beside it', async () => {
    expect((await api.app.inject({ url: '/health/live' })).json()).toEqual({ status: 'ok' });
    expect((await api.app.inject({ url: '/health/ready' })).json()).toMatchObject({
      status: 'ok',
      components: { database: { status: 'healthy' } },
    });
  });
});

describe('/redoc', () => {
  test('needs no token, and loads everything from this server', async () => {
    const page = await api.app.inject({ url: '/redoc' });
    expect([page.statusCode, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    const loaded = [...page.body.matchAll(/(?:src|spec-url)="([^"]+)"/g)].map(([, url = '']) => url);
    expect(loaded).toEqual(['/openapi.json', '/redoc/redoc.standalone.js']);
    for (const url of loaded) expect((await api.app.inject({ url })).statusCode).toBe(200);
    expect((await api.app.inject({ url: '/redoc/redoc.standalone.js' })).body.length).toBeGreaterThan(500_000);
    const policy = String(page.headers['content-security-policy']);
    expect(policy).toMatch(/^default-src 'self'; script-src 'self';/);
    expect(policy).not.toMatch(/http|unsafe-eval/);
  });
});

describe('the operations of the document', () => {
  type Media = { content?: Record<string, { example?: unknown; schema?: object }> };
  interface Operation {
    security?: object[];
    parameters?: object[];
    requestBody?: Media;
    responses: Record<string, Media>;
  }
  let operations: (Operation & { name: string; method: 'POST'; url: string })[];
  beforeAll(async () => {
    const { paths } = (await createOpenapiDocument()) as { paths: Record<string, Record<string, Operation>> };
    operations = Object.entries(paths).flatMap(([url, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        ...operation,
        name: `${method} ${url}`,
        method: method.toUpperCase() as 'POST',
        url,
      })),
    );
  });
  const exampleOf = (media: Media | undefined) => media?.content?.['application/json']?.example;

  test('show every example, and every example belongs to a route', () => {
    for (const [name, { request, answer }] of Object.entries(EXAMPLES)) {
      const operation = operations.find((candidate) => candidate.name === name);
      const ok = Object.entries(operation?.responses ?? {}).find(([status]) => status < '300')?.[1];
      expect([name, exampleOf(operation?.requestBody), exampleOf(ok)]).toEqual([name, request, answer]);
    }
  });

  test('have a valid example for every request body', async () => {
    for (const { name, method, url, requestBody } of operations) {
      const example = exampleOf(requestBody);
      if (!requestBody) continue;
      expect([name, example]).not.toEqual([name, undefined]);
      const answer = await api.root(
        method,
        url
          .replace(/\{(user_)?id\}/, '999999')
          .replace('{action}', 'stop')
          .replace('{type}', 'NO_SUCH_TYPE'),
        example as object,
      );
      expect([name, answer.body]).not.toEqual([name, { detail: expect.any(Array) }]);
    }
  });

  test('show the error texts that clients compare, and the Retry-After header of every 429 and 503', () => {
    const shown = (name: string, status: string) => {
      const { example, examples } = (operations.find((candidate) => candidate.name === name)?.responses[status]
        ?.content?.['application/json'] ?? {}) as {
        example?: { detail: string };
        examples?: Record<string, { value: { detail: string } }>;
      };
      return example?.detail ?? Object.values(examples ?? {}).map(({ value }) => value.detail);
    };
    expect(shown('get /api/v1/users/{user_id}', '404')).toBe('用户不存在');
    expect(shown('post /api/v1/auth/login', '401')).toBe('用户名或密码不正确');
    expect(shown('post /api/v1/auth/refresh', '401')).toBe('无效的刷新令牌');
    for (const name of ['post /api/v1/auth/register', 'post /api/v1/users'])
      expect(shown(name, '409')).toEqual(['该邮箱已被注册', '该用户名已被使用']);
    for (const status of ['429', '503']) {
      const limited = operations
        .filter(({ name, responses }) => responses[status] && name.includes(' /api/'))
        .map(({ name, responses }) => [name, Object.keys((responses[status] as { headers?: object }).headers ?? {})]);
      expect(limited.length).toBeGreaterThan(0);
      expect(limited).toEqual(limited.map(([name]) => [name, ['Retry-After']]));
    }
  });

  test('have an example of every refusal', () => {
    for (const { name, security, parameters, requestBody, responses } of operations) {
      const expected = [
        security ? ['401', '403', '404', '503'] : [],
        requestBody ? ['413'] : [],
        requestBody || parameters ? ['422'] : [],
      ].flat();
      expect([name, expected.filter((status) => exampleOf(responses[status]) === undefined)]).toEqual([name, []]);
    }
  });
});

import { createLogger } from '../../../src/platform/logger';
import { createTestApi, type TestApi, type TestStack, useTestApi } from '../../support/api-support';

let { db, temporal } = {} as TestStack;
let behindProxy: TestApi;
const lines: string[] = [];
useTestApi('file', (stack) => ({ db, temporal } = stack));
beforeAll(async () => {
  const log = createLogger({ name: 'api', level: 'info' }, { write: (line: string) => void lines.push(line) });
  behindProxy = await createTestApi({
    database: db.database,
    temporal,
    log,
    app: { trustedProxies: ['10.0.0.0/8'] },
  });
});
afterAll(() => behindProxy.close());

/** The address that the audit log has of a wrong login. */
async function recordedAddress(remoteAddress: string, forwarded: string): Promise<unknown> {
  const answer = await behindProxy.app.inject({
    method: 'POST',
    url: '/api/v1/auth/login',
    remoteAddress,
    headers: { 'x-forwarded-for': forwarded },
    payload: { username: 'nobody', password: 'wrong password' },
  });
  expect(answer.statusCode).toBe(401);
  const [entry] = await db.database('audit_log').where({ request_id: answer.headers['x-request-id'] });
  return (entry as { address: unknown } | undefined)?.address;
}

test.each([
  ['10.0.0.1', '203.0.113.9', '203.0.113.9'],
  ['10.0.0.1', '203.0.113.9:50123', '203.0.113.9'],
  ['10.0.0.1', '[2001:db8::7]:443, 10.0.0.2:8080', '2001:db8::7'],
  ['10.0.0.1', 'x'.repeat(46), '10.0.0.1'],
  ['10.0.0.1', 'unknown', '10.0.0.1'],
  ['198.51.100.7', '203.0.113.9', '198.51.100.7'],
])('a login by %s for %s is recorded as of %s', async (peer, forwarded, address) => {
  expect(await recordedAddress(peer, forwarded)).toBe(address);
});

test('a proxy that is not listed is warned of once', async () => {
  lines.length = 0;
  for (let index = 0; index < 3; index += 1) await recordedAddress('192.0.2.44', '203.0.113.9');
  await recordedAddress('10.0.0.1', '203.0.113.9');
  expect(lines.filter((line) => line.includes('TRUSTED_PROXIES'))).toEqual([expect.stringContaining('192.0.2.44')]);
});

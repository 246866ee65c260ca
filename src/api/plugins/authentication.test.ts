import fastify from 'fastify';
import { installErrorHandler } from './error-handler';
import { installAuthentication } from './authentication';
import type { TokenService } from '../services/accounts/token-service';
import type { Session } from '../services/accounts/session-service';
import type { Role, User } from '../../storage/accounts/user';

const appFor = async (role: Role | null) => {
  const app = fastify();
  const user = { id: 1, isActive: true, sessionVersion: 1, role } as User;
  app.decorate('tokens', {
    read: () => ({ userId: 1, sid: 's', kind: 'access_token', jti: 'j' }),
  } as unknown as TokenService);
  installErrorHandler(app);
  installAuthentication(
    app,
    {
      users: { get: async () => user },
      sessions: { find: async () => ({ userId: 1, version: 1 }) as Session },
      apiKeyAuthenticator: { find: () => Promise.reject(new Error('no key was sent')) },
    },
    { isOpen: () => false },
  );
  app.get('/forgotten', async () => 'for admins');
  app.get('/chosen', { config: { access: 'user' } }, async () => 'for all');
  return async (url: string) => (await app.inject({ url, headers: { authorization: 'Bearer x' } })).statusCode;
};

test.each([
  [null, 403],
  ['viewer', 403],
  ['operator', 403],
  ['admin', 200],
] as const)('a route that declares no access is for admins: role %s', async (role, status) => {
  const ask = await appFor(role);
  expect([await ask('/forgotten'), await ask('/chosen'), await ask('/nowhere')]).toEqual([status, 200, 404]);
});

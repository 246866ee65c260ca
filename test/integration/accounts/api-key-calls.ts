import type { TestApi, TestStack } from '../../support/api-support';

type Caller = TestApi['root'];

/** What tests of API keys ask of the API that `stack` gives at the moment of the call. */
export function apiKeyCalls(stack: () => Pick<TestStack, 'db' | 'api'>) {
  const asKey = (key: string) => stack().api.withToken(key);
  return {
    create: async (body: object = {}, as: Caller = stack().api.root) => {
      const answer = await as('POST', '/auth/api-keys', { name: 'a script', scope: 'admin', ...body });
      expect([answer.status, answer.body]).toEqual([201, expect.anything()]);
      return answer.body as { id: number; key: string; prefix: string };
    },
    asKey,
    statusOf: async (key: string, path = '/auth/me') => (await asKey(key)('GET', path)).status,
    setRole: (index: number, role: string | null) =>
      stack().db.database('users').where({ id: stack().api.userIds[index] }).update({ role }),
  };
}

export const times = (count: number) => Array.from({ length: count }, (_, index) => index);

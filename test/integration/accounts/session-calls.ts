import { PASSWORD, type TestApi } from '../../support/api-support';

export interface Pair {
  access_token: string;
  refresh_token: string;
}
export const BAD_REFRESH = { status: 401, body: { detail: '无效的刷新令牌' } };

export const claims = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());

/** Logging in and refreshing at the API that `api` gives at the moment of the call, or at another one. */
export const sessionCalls = (api: () => TestApi) => ({
  login: async (on: TestApi = api(), username = 'user', headers: Record<string, string> = {}): Promise<Pair> =>
    (await on.anonymous('POST', '/auth/login', { username, password: PASSWORD }, headers)).body,
  refresh: (token: string, on: TestApi = api()) => on.anonymous('POST', '/auth/refresh', { refresh_token: token }),
  statusOf: async (access: string, on: TestApi = api()) => (await on.withToken(access)('GET', '/auth/me')).status,
});

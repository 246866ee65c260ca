import { connectTestTemporal } from '../../support/task-worker';
import { createTestNamespace } from '../../support/temporal-namespace';
import { type TestApi, type TestStack, useTestApi } from '../../support/api-support';
import { operationsOf, watchAnswers } from './answer-watch';
import type { FileStore } from '../../../src/platform/files/file-store';

type Call = TestApi['root'];
export type Answer = Awaited<ReturnType<Call>>;

export const U = {
  badLogin: '用户名或密码不正确',
  noUser: '用户不存在',
  emailTaken: '该邮箱已被注册',
  nameTaken: '该用户名已被使用',
  inactive: '用户未激活',
  badRefresh: '无效的刷新令牌',
  forbidden: '权限不足',
};
export const NO_ID = 2_147_483_647;

/** `[[type, 'query.limit'], …]` of a 422. */
export function faultsOf({ status, body }: Answer): [type: string, loc: string][] {
  expect([status, body]).toEqual([422, { detail: expect.any(Array) }]);
  return body.detail.map(({ type, loc }: { type: string; loc: (string | number)[] }) => [type, loc.join('.')]);
}

/**
 * The API for a file of contract tests, with every answer of it checked. Schedules need a namespace of their own,
 * because they are named after configs and each test database counts these from 1.
 */
export function useContract(tags: string[], options: { hasSchedules?: boolean; files?: FileStore } = {}) {
  let parts: TestStack;
  let watch: Awaited<ReturnType<typeof watchAnswers>>;
  const caller =
    (who: 'root' | 'user' | 'idle' | 'anonymous'): Call =>
    (...call) =>
      parts.api[who](...call);

  beforeAll(async () => void (watch = await watchAnswers()));
  useTestApi('file', (stack) => (parts = stack), {
    connect: options.hasSchedules ? createTestNamespace : connectTestTemporal,
    files: options.files,
  });
  afterEach(() => expect(watch.takeFaults()).toEqual([]));
  afterAll(() => watch?.stop());

  return {
    root: caller('root'),
    user: caller('user'),
    idle: caller('idle'),
    anonymous: caller('anonymous'),
    withToken:
      (token: string): Call =>
      (...call) =>
        parts.api.withToken(token)(...call),
    get parts() {
      return { ...parts, watch };
    },
    get api() {
      return parts.api;
    },
    get database() {
      return parts.db.database;
    },

    /** The lowest and the highest value, one beyond each, and what is no number. */
    testInteger(path: string, name: string, least: number, most: number, as: Call = caller('root')) {
      test(`${path}: ${name} is ${least} to ${most}`, async () => {
        const ask = (value: string | number) => as('GET', `${path}?${name}=${encodeURIComponent(value)}`);
        for (const value of [least, most, ` ${least} `, `+${most}`])
          expect([value, (await ask(value)).status]).toEqual([value, 200]);
        const where = `query.${name}`;
        expect(faultsOf(await ask(least - 1))).toEqual([['greater_than_equal', where]]);
        expect(faultsOf(await ask(most + 1))).toEqual([['less_than_equal', where]]);
        for (const value of ['', 'x', '1.5', '0x10', '１', '1e2'])
          expect([value, faultsOf(await ask(value))]).toEqual([value, [['int_parsing', where]]]);
        for (const value of ['9'.repeat(30), `-${'9'.repeat(400)}`])
          expect(faultsOf(await ask(value))[0]?.[1]).toBe(where);
      });
    },

    /** Every spelling of a boolean in a query, and some that are none. */
    testBoolean(path: string, name: string, as: Call = caller('root')) {
      test(`${path}: ${name} is a boolean in any spelling`, async () => {
        const ask = (value: string) => as('GET', `${path}?${name}=${value}`);
        for (const value of ['true', 'FALSE', '1', '0', 'Yes', 'no', 'on', 'OFF', 't', 'F', 'y', 'N'])
          expect([value, (await ask(value)).status]).toEqual([value, 200]);
        for (const value of ['', '2', 'maybe', 'null'])
          expect([value, faultsOf(await ask(value))]).toEqual([value, [['bool_parsing', `query.${name}`]]]);
      });
    },

    /**
     * The last test of a file: its tests have called, with success, every operation of its tags whose name
     * (`GET /api/v1/users`) matches `names`. Files that share a tag divide its operations among them.
     */
    testCoverage(names = /./) {
      test(`calls every route of ${tags.join(', ')} with success, as far as this file covers them`, () => {
        const covered = operationsOf(watch.document)
          .filter((operation) => tags.includes(operation.tags[0] ?? '') && names.test(operation.name))
          .map(({ name }) => name);
        expect(covered.length).toBeGreaterThan(0);
        expect(covered.filter((name) => !watch.succeeded.has(name))).toEqual([]);
      });
    },
  };
}

import { PASSWORD, type TestStack, useTestApi } from '../../support/api-support';

// bcrypt is slow on purpose, and slower on a loaded machine.
jest.setTimeout(600_000);

let { db, api } = {} as TestStack;
// No request may fail because a loaded machine keeps the store's answer waiting.
useTestApi('file', (stack) => ({ db, api } = stack), { store: { answerWithinMs: 30_000 } });

const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** The ratio of the median times of both. They alternate, so that other load on the machine slows both alike. */
async function ratioOf(rounds: number, one: () => Promise<unknown>, other: () => Promise<unknown>): Promise<number> {
  const taken: [number[], number[]] = [[], []];
  for (let round = -2; round < rounds; round++) {
    for (const index of round % 2 === 0 ? [0, 1] : [1, 0]) {
      const begunAt = performance.now();
      await (index === 0 ? one : other)();
      // The first rounds warm up caches.
      if (round >= 0) taken[index]?.push(performance.now() - begunAt);
    }
  }
  return median(taken[0]) / median(taken[1]);
}

const MOST_SERIES = 6;

/**
 * Expects a series of rounds in which neither request takes more than `most` times as long as the other. Load that
 * comes and goes spoils a series now and then, and the next one is measured; a difference in the work spoils them all.
 */
async function expectAlike(
  rounds: number,
  one: () => Promise<unknown>,
  other: () => Promise<unknown>,
  most = 2,
): Promise<void> {
  const ratios: number[] = [];
  const isAlike = (ratio: number) => ratio > 1 / most && ratio < most;
  do ratios.push(await ratioOf(rounds, one, other));
  while (!ratios.some(isAlike) && ratios.length < MOST_SERIES);
  expect({ ratios, isAlike: ratios.some(isAlike) }).toEqual({ ratios, isAlike: true });
}

const login = (username: string, password = 'wrong horse') =>
  api.anonymous('POST', '/auth/login', { username, password });

test('the time of a refused login does not tell whether the user exists', async () => {
  const known = () => login('user');
  for (const unknown of ['nobody', 'nobody@example.com']) await expectAlike(15, known, () => login(unknown));
  await expectAlike(10, known, () => login('idle'));
});

test('the time of a refused login does not tell whose hash is still a bcrypt hash of the predecessor', async () => {
  expect(await api.services.users.hasBcryptHashes()).toBe(false);
  const { hashed_password: ours } = await db
    .database('users')
    .where({ username: 'idle' })
    .first<{ hashed_password: string }>('hashed_password');
  await db
    .database('users')
    .where({ username: 'idle' })
    .update({ hashed_password: '$2b$12$EMLIcoxAbNjxGBJ1HN6YleV4YMVNaC2xYQrui7vUp/6UjiDBobFhq' });
  try {
    expect(await api.services.users.hasBcryptHashes()).toBe(true);
    const outdated = () => login('idle');
    for (const other of ['nobody', 'user']) await expectAlike(8, outdated, () => login(other));
  } finally {
    await db.database('users').where({ username: 'idle' }).update({ hashed_password: ours });
  }
});

test('the lookup of bcrypt hashes uses its own index', async () => {
  await db.database.transaction(async (transaction) => {
    await transaction.raw('set local enable_seqscan = off');
    const { rows } = await transaction.raw<{ rows: Record<string, string>[] }>(
      "explain select id from users where hashed_password like '$2%' limit 1",
    );
    expect(JSON.stringify(rows)).toContain('users_bcrypt');
  });
});

test('the time of a password reset request does not tell whether the user exists', async () => {
  const forgot = (email: string) => () => api.anonymous('POST', '/auth/forgot-password', { email });
  await expectAlike(60, forgot('user@example.com'), forgot('nobody@example.com'), 2.5);
  await api.services.resets.settle();
});

test('many concurrent logins do not block other requests', async () => {
  let isOver = false;
  const logins = Promise.all(Array.from({ length: 16 }, () => login('root', PASSWORD))).finally(
    () => void (isOver = true),
  );
  let answeredMeanwhile = 0;
  while (!isOver) {
    expect((await api.user('GET', '/auth/me')).status).toBe(200);
    if (!isOver) answeredMeanwhile++;
  }
  expect((await logins).map(({ status }) => status)).toEqual(Array<number>(16).fill(200));
  expect(answeredMeanwhile).toBeGreaterThanOrEqual(3);
});

import { PASSWORD, type TestStack, useTestApi } from '../../support/api-support';

let { db, api } = {} as TestStack;
useTestApi('file', (stack) => ({ db, api } = stack));

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

const login = (username: string, password = 'wrong horse') =>
  api.anonymous('POST', '/auth/login', { username, password });

test('the time of a refused login does not tell whether the user exists', async () => {
  for (const unknown of ['nobody', 'nobody@example.com']) {
    const ratio = await ratioOf(
      15,
      () => login('user'),
      () => login(unknown),
    );
    expect([unknown, ratio > 0.5 && ratio < 2]).toEqual([unknown, true]);
  }
  const ratio = await ratioOf(
    10,
    () => login('user'),
    () => login('idle'),
  );
  expect(ratio > 0.5 && ratio < 2).toBe(true);
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
    for (const other of ['nobody', 'user']) {
      const ratio = await ratioOf(
        8,
        () => login('idle'),
        () => login(other),
      );
      expect([other, ratio > 0.5 && ratio < 2]).toEqual([other, true]);
    }
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
  const forgot = async (email: string) => api.anonymous('POST', '/auth/forgot-password', { email });
  // Work that goes on after an answer must not delay the next one.
  const settled = (email: string) => async () => forgot(email);
  const taken = await ratioOf(60, settled('user@example.com'), settled('nobody@example.com'));
  await api.services.resets.settle();
  expect(taken > 0.4 && taken < 2.5).toBe(true);
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

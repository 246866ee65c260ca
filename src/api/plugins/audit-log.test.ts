import fastifyJwt from '@fastify/jwt';
import fastify from 'fastify';
import { installRequestOrigin } from './request-origin';
import { installAuditLog, type AuditRule } from './audit-log';
import type { NewAuditEntry } from '../../storage/accounts/audit-repository';

async function createSignIn(rule: AuditRule, write = async () => {}) {
  const entries: NewAuditEntry[] = [];
  const app = fastify();
  await app.register(fastifyJwt, { secret: 'for this test alone' });
  installRequestOrigin(app);
  installAuditLog(app, {
    audit: {
      async record(entry) {
        await write();
        entries.push(entry);
      },
    },
  });
  app.post<{ Body: { username: string; password: string } }>(
    '/sign-in',
    { config: { access: 'open', audit: rule } },
    async (request, reply) =>
      request.body.password === 'right'
        ? { access_token: app.jwt.sign({ sub: '7' }), refresh_token: 'r' }
        : reply.status(401).send({ detail: 'no' }),
  );
  await app.ready();
  return { entries, signIn: (payload: object) => app.inject({ method: 'POST', url: '/sign-in', payload }) };
}

const rule: AuditRule = { action: 'auth.login', target: 'user', keep: ['username'] };

test('the actor of a successful login is the user who signs in', async () => {
  const { entries, signIn } = await createSignIn(rule);
  await signIn({ username: 'ann', password: 'right' });
  expect(entries).toMatchObject([
    { actorId: 7, action: 'auth.login', outcome: 'succeeded', status: 200, details: { username: 'ann' } },
  ]);
});

test('the entry is written before the answer leaves', async () => {
  let isAnswered = false;
  const turnsOfTheEventLoop = async () => {
    for (let turn = 0; turn < 100 && !isAnswered; turn += 1) await new Promise(setImmediate);
  };
  const { entries, signIn } = await createSignIn(rule, turnsOfTheEventLoop);
  const entriesAtTheAnswer = await signIn({ username: 'ann', password: 'right' }).then(() => {
    isAnswered = true;
    return entries.length;
  });
  expect(entriesAtTheAnswer).toBe(1);
});

test('a refused login has no actor, and keeps only the given name of the body, cut to 300 characters', async () => {
  const { entries, signIn } = await createSignIn(rule);
  await signIn({ username: 'a'.repeat(5_000), password: 'hunter2' });
  expect(entries).toMatchObject([
    { actorId: null, outcome: 'refused', status: 401, details: { username: 'a'.repeat(300) } },
  ]);
  expect(JSON.stringify(entries)).not.toContain('hunter2');
});

test.each(['password', 'new_password', 'refresh_token', 'client_secret'])(
  'the application does not start with a rule that keeps %s',
  async (name) => {
    await expect(createSignIn({ ...rule, keep: [name] })).rejects.toThrow('no secrets');
  },
);

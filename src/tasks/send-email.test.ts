import { createTestContext, type FakeServices } from '../../test/support/task-context';
import { MailError, type MailErrorKind } from '../shared/mail-error';
import { sendEmail } from './send-email';
import { sendEmailParameters } from './send-email/email-parameters';
import type { Mail } from '../platform/mail/mailer';
import type { MailDelivery } from './ports/mail-ledger';

const at = new Date('2026-01-01T00:00:00Z');
const PARAMETERS = { to_email: ['ann@example.org', 'ben@example.org'], subject: 'News', content: 'as text' };
type Answer = MailErrorKind | 'uncertain' | 'taken';

/** A mail server and a ledger as plain objects: `answers` says what the server does with each recipient. */
function setUp(answers: Record<string, Answer> = {}) {
  const sent: Mail[] = [];
  const rows = new Map<string, MailDelivery>();
  const cursors: unknown[] = [];
  const state = {
    answers,
    isLedgerAway: false,
    cursor: undefined as unknown,
    stop: new AbortController(),
    onSend: () => undefined as void,
  };
  const services: FakeServices = {
    mailer: {
      messageIdOf: (key: string) => `<${key}@example.org>`,
      send: async (mail: Mail) => {
        const answer = state.answers[mail.recipient] ?? 'taken';
        if (answer === 'uncertain') throw new MailError('unavailable', 'the connection broke', undefined, true);
        if (answer !== 'taken')
          throw new MailError(
            answer,
            `it is ${answer}`,
            answer === 'unavailable' ? undefined : `${answer === 'refused' ? 550 : 450} ${answer}`,
          );
        sent.push(mail);
        state.onSend();
        return { response: '250 taken', messageId: `<${mail.key}@example.org>` };
      },
    },
    deliveries: {
      list: async () => [...rows.values()],
      record: async (_: number, deliveries: MailDelivery[]) => {
        if (state.isLedgerAway) throw new Error('no database');
        for (const delivery of deliveries)
          if (rows.get(delivery.recipient)?.state !== 'sent') rows.set(delivery.recipient, delivery);
      },
    },
  };
  const run = (parameters: object = PARAMETERS) => {
    const context = createTestContext({
      executionId: 5,
      startedAt: at,
      signal: state.stop.signal,
      cursor: state.cursor,
      saveCursor: (cursor) => cursors.push((state.cursor = JSON.parse(JSON.stringify(cursor)))),
      services,
    });
    return sendEmail.run(context, sendEmailParameters.parse(parameters)) as Promise<Record<string, unknown>>;
  };
  return { state, sent, rows, run };
}
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error,
  );
const issuesOf = (parameters: object) =>
  sendEmailParameters
    .safeParse({ ...PARAMETERS, ...parameters })
    .error?.issues.map(({ path, code }) => `${path.join('.')} ${code}`);

test('one address gets one mail', async () => {
  const { sent, run } = setUp();
  expect(await run({ ...PARAMETERS, to_email: 'ann@example.org' })).toEqual({
    config_id: 7,
    to_email: 'ann@example.org',
    subject: 'News',
    sent: true,
    timestamp: expect.any(String),
    recipients: [
      {
        to: 'ann@example.org',
        status: 'sent',
        response: '250 taken',
        message_id: expect.stringMatching(/^<run-5-\w+-[0-9a-f]{16}@example.org>$/),
      },
    ],
  });
  expect(sent).toEqual([
    {
      to: ['ann@example.org'],
      subject: 'News',
      text: 'as text',
      recipient: 'ann@example.org',
      key: expect.any(String),
    },
  ]);
});

test('each of several gets a copy with a key of its own; cc is named, bcc is not; nobody counts twice', async () => {
  const { sent, run } = setUp();
  const result = await run({
    ...PARAMETERS,
    to_email: ['ann@example.org', 'Ann@example.org'],
    cc: 'cem@example.org',
    bcc: ['dan@example.org', 'ann@example.org'],
    reply_to: 'desk@example.org',
    html: '<p>as page</p>',
  });
  expect(sent.map(({ recipient }) => recipient)).toEqual(['ann@example.org', 'cem@example.org', 'dan@example.org']);
  expect(new Set(sent.map(({ key }) => key)).size).toBe(3);
  for (const { recipient: _, key: __, ...letter } of sent)
    expect(letter).toEqual({
      to: ['ann@example.org'],
      cc: ['cem@example.org'],
      replyTo: 'desk@example.org',
      subject: 'News',
      text: 'as text',
      html: '<p>as page</p>',
    });
  expect(result).toMatchObject({ to_email: 'ann@example.org', sent: true });
});

test('an address that is refused is an outcome; when all are, the run fails for good', async () => {
  const one = setUp({ 'ann@example.org': 'refused' });
  expect(await one.run()).toMatchObject({
    recipients: [
      { to: 'ann@example.org', status: 'failed', response: '550 refused' },
      { to: 'ben@example.org', status: 'sent' },
    ],
  });
  const all = setUp({ 'ann@example.org': 'refused', 'ben@example.org': 'refused' });
  expect(await failure(all.run())).toMatchObject({
    name: 'PermanentTaskError',
    message: "No recipient's server took the mail. ann@example.org: 550 refused; ben@example.org: 550 refused",
  });
  expect(await failure(setUp({ 'ann@example.org': 'unconfigured' }).run())).toMatchObject({
    name: 'PermanentTaskError',
  });
});

test('a deferred copy keeps no other from being sent, and the next attempt sends only that one', async () => {
  const { state, sent, rows, run } = setUp({ 'ann@example.org': 'deferred' });
  expect(await failure(run())).toMatchObject({
    name: 'DeferredMailError',
    message: '1 of 2 copies are sent; not yet taken are ann@example.org: 450 deferred',
  });
  expect(rows.get('ann@example.org')).toMatchObject({ state: 'deferred' });
  state.answers = {};
  expect(await run()).toMatchObject({
    recipients: [
      { to: 'ann@example.org', status: 'sent' },
      { to: 'ben@example.org', status: 'already_sent', response: '250 taken' },
    ],
  });
  expect(sent.map(({ recipient }) => recipient)).toEqual(['ben@example.org', 'ann@example.org']);
});

test.each(['unavailable', 'uncertain'] as const)(
  'a server that is %s ends the attempt at once, and the next goes on',
  async (answer) => {
    const { state, sent, rows, run } = setUp({ 'ben@example.org': answer });
    expect(await failure(run())).toMatchObject({ name: 'MailError', kind: 'unavailable' });
    expect([...rows.values()].map(({ state }) => state)).toEqual([
      'sent',
      answer === 'uncertain' ? 'sending' : 'deferred',
    ]);
    const firstId = rows.get('ben@example.org')?.messageId;
    state.answers = {};
    expect(await run()).toMatchObject({
      recipients: [{ status: 'already_sent' }, { status: 'sent', message_id: firstId }],
    });
    expect(sent).toHaveLength(2);
  },
);

test('a database that goes away once the server has the mail does not make two of it', async () => {
  const { state, sent, run } = setUp();
  state.onSend = () => void (state.isLedgerAway = true);
  expect(await failure(run())).toMatchObject({ message: 'no database' });
  state.isLedgerAway = false;
  state.onSend = () => undefined;
  expect(await run()).toMatchObject({
    recipients: [{ to: 'ann@example.org', status: 'already_sent' }, { status: 'sent' }],
  });
  expect(sent.map(({ recipient }) => recipient)).toEqual(['ann@example.org', 'ben@example.org']);
});

test('a run that is cancelled stops between two copies, and knows what it has sent', async () => {
  const { state, sent, rows, run } = setUp();
  state.onSend = () => state.stop.abort(new Error('cancelled'));
  expect(await failure(run())).toMatchObject({ message: 'cancelled' });
  expect([sent.length, [...rows.values()].map(({ recipient, state }) => [recipient, state])]).toEqual([
    1,
    [['ann@example.org', 'sent']],
  ]);
});

test('parameters that would make no mail, or another than was asked for, are refused', () => {
  expect(issuesOf({})).toBeUndefined();
  expect(sendEmailParameters.safeParse({}).error?.issues.map(({ path }) => path.join('.'))).toEqual([
    'to_email',
    'subject',
    'content',
  ]);
  expect(issuesOf({ to_email: 'nobody' })).toEqual(['to_email.0 invalid_format']);
  expect(issuesOf({ to_email: [] })).toEqual(['to_email too_small']);
  expect(issuesOf({ to_email: 7 })).toEqual(['to_email invalid_type']);
  expect(issuesOf({ to_email: Array.from({ length: 51 }, (_, index) => `a${index}@example.org`) })).toEqual([
    'to_email too_big',
  ]);
  expect(
    issuesOf({
      to_email: 'ann@example.org\r\nBcc: x@example.org',
      cc: ['a@example.org, b@example.org'],
      bcc: 'Ann <ann@example.org>',
    }),
  ).toEqual(['to_email.0 invalid_format', 'cc.0 invalid_format', 'bcc.0 invalid_format']);
  expect(issuesOf({ subject: 'one\r\nBcc: x@example.org' })).toEqual(['subject invalid_format']);
  expect(issuesOf({ subject: ' ', content: '', priority: 'high' })).toEqual([
    'subject invalid_format',
    'content too_small',
    ' unrecognized_keys',
  ]);
});

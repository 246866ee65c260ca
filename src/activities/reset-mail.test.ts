import { writeResetMail } from './reset-mail';

const user = { email: 'ann@example.org' };
const reset = { id: '5f4d', token: 'a-token' };

test('the mail has the link at FRONTEND_URL in HTML (button and text) and plain text, English before Chinese', () => {
  const mail = writeResetMail(user, reset, 'https://app.example/front//');
  expect(mail).toMatchObject({ to: ['ann@example.org'], recipient: 'ann@example.org', key: 'password-reset-5f4d' });
  expect(mail.text).toMatch(/^https:\/\/app\.example\/front\/reset-password\?token=a-token$/m);
  expect(mail.html?.match(/https:\/\/app\.example\/front\/reset-password\?token=a-token/g)).toHaveLength(4);
  expect(mail.subject).toMatch(/^Reset your Taskloom password/);
  for (const body of [mail.text, mail.html ?? ''])
    expect(
      [body.indexOf('Hello,'), body.indexOf('您好：')].every(
        (at, index, all) => at >= 0 && (index === 0 || at > all[0]!),
      ),
    ).toBe(true);
  for (const body of [mail.text, mail.html ?? ''])
    expect([body.includes('Taskloom account'), body.includes('1 hour'), body.includes('1 小时')]).toEqual([
      true,
      true,
      true,
    ]);
});

import { redactUrl, reasonOf } from './error-texts';

test.each([
  ['postgres://taskloom:SECRETpw@127.0.0.1:1/x', 'postgres://taskloom:***@127.0.0.1:1/x'],
  ['postgres://taskloom:SE:CR%40ET@127.0.0.1:1/x', 'postgres://taskloom:***@127.0.0.1:1/x'],
  ['postgres://taskloom:SEC@RETpw@127.0.0.1:1/x', 'postgres://taskloom:***@127.0.0.1:1/x'],
  ['postgres://taskloom:SEC/RETpw@127.0.0.1:1/x', 'postgres://***'],
  ['postgres://taskloom:123/RETpw@127.0.0.1:1/x', 'postgres://***'],
  ['postgres://taskloom:SEC?RETpw@127.0.0.1:1/x', 'postgres://***'],
  ['postgres://taskloom:SEC#RETpw@127.0.0.1:1/x', 'postgres://***'],
  ['postgres://127.0.0.1:1/x?user=taskloom&password=SECRETpw', 'postgres://127.0.0.1:1/x?***'],
  ['postgres://127.0.0.1:1/x?user=a@b&password=SECRETpw', 'postgres://***'],
  ['redis://:SEC@RETpw@[::1]:6379/2', 'redis://:***@[::1]:6379/2'],
  ['rediss://SECRETpw@host', 'rediss://:***@host'],
  ['postgres://taskloom@127.0.0.1/x?sslmode=require', 'postgres://taskloom@127.0.0.1/x?***'],
  ['redis://127.0.0.1:6379', 'redis://127.0.0.1:6379'],
  ['127.0.0.1:7233', '127.0.0.1:7233'],
])('%s is shown as %s', (url, shown) => {
  expect(redactUrl(url)).toBe(shown);
});

test('a reason is put into words', async () => {
  expect(
    reasonOf(Object.assign(new Error('x'), { cause: Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }) })),
  ).toMatch(/^connection refused/);
  const blocked: unknown = await fetch('http://127.0.0.1:1').catch((error: unknown) => error);
  expect(reasonOf(blocked)).toBe("not asked: Node's fetch connects to no port that browsers block");
});

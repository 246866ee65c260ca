import { readJson, UnreadableBody } from './json-body';

const PASSWORD = 'correct horse';

test.each([
  ['{"a":}', 5],
  ["{'a': 1}", 1],
  ['{"a": NaN}', 6],
  ['{"a": tru}', 9],
  ['[1, 2, x, y]', 7],
  ['{"a":1} x', 8],
  ['{"a": "x', 8],
  ['{"a": ', 6],
  ['{', 1],
  ['\u{feff}{}', 0],
  [`[${'1,'.repeat(40_000)}x]`, 80_001],
])('%.20s stops being JSON at character %d', (text, offset) => {
  expect(readJson(text)).toMatchObject({ offset, reason: expect.any(String) });
});

test('the reason does not quote the text', () => {
  for (const text of [
    `{"password": "${PASSWORD}", x`,
    `{"password":x"${PASSWORD}"}`,
    `x"${PASSWORD}"`,
    `{"a": "${'-'.repeat(80)}", "password": "${PASSWORD}" ]`,
  ]) {
    const unreadable = readJson(text) as UnreadableBody;
    expect(unreadable).toBeInstanceOf(UnreadableBody);
    expect(unreadable.reason).toMatch(/^\w/);
    expect(unreadable.reason).not.toContain('horse');
  }
});

test('an empty body is undefined', () => {
  for (const text of ['', ' ', '\n']) expect(readJson(text)).toBeUndefined();
  expect(readJson('null')).toBeNull();
});

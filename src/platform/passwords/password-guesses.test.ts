import { isGuessable } from './password-guesses';

const WORDS = ['alice', 'wonderland@example.com', 'wonderland'];

test.each([
  '12345678',
  'password',
  'Password1',
  'QWERTYUIOP',
  'iloveyou',
  '00000000',
  '88888888',
  'aaaaaaaa',
  '        ',
  '\u3000'.repeat(8),
  'Passw0rd!',
  'P@ssw0rd123',
  '1q2w3e4r',
  'abcd1234',
  '19900101',
  '5201314520',
  'woaini1314',
  'woaini520',
  'taskloom',
  'Taskl00m',
  'taskloom1',
  'alice123',
  'Al1ce2024',
  'W0nderland1',
  'a'.repeat(128),
  'p@ssw0rd'.repeat(16),
])('%j is found with few guesses', (password) => {
  expect(isGuessable(password, WORDS)).toBe(true);
});

test.each([
  'correct horse',
  'TestPassword1',
  'newpassword1',
  'a long enough one',
  'bench-password',
  '12ab56_8',
  'the password of the first start',
  'Tr0ub4dour&3',
  '我爱北京天安门天安门',
  'xK9#mQ2vLw',
  'alice likes blue teapots',
  `${'a'.repeat(100)} and then strong words`,
  '5b3fd0c29e1a47b8'.repeat(8),
])('%j is not', (password) => {
  expect(isGuessable(password, WORDS)).toBe(false);
});

test("another owner's words do not count", () => {
  expect(isGuessable('wonderland@example.com', WORDS)).toBe(true);
  expect(isGuessable('wonderland@example.com', ['bob', 'bob@example.com', 'bob'])).toBe(false);
});

import { mayHoldPrivateFields, withoutPrivateFields } from './private-fields';

test('a text under a name that ends in `tokens` is redacted, a count under such a name is not', () => {
  expect(
    withoutPrivateFields('CLEANUP_TOKENS', {
      expired_reset_tokens: 3,
      no_tokens: 0,
      refresh_tokens: 'abc',
      access_tokens: ['abc'],
      other_tokens: { first: 'abc' },
      numeric_tokens: '3',
    }),
  ).toEqual({
    expired_reset_tokens: 3,
    no_tokens: 0,
    refresh_tokens: '[redacted]',
    access_tokens: '[redacted]',
    other_tokens: '[redacted]',
    numeric_tokens: '[redacted]',
  });
});

test('a number under any other name of a secret is redacted', () => {
  expect(withoutPrivateFields('CLEANUP_TOKENS', { token: 123_456, password: 1 })).toEqual({
    token: '[redacted]',
    password: '[redacted]',
  });
});

test('secrets are found at any depth, in any task type, and an absent one stays absent', () => {
  const value = { days_old: 3, list: [{ Api_Key: 'k', inner: { passwd: 'p' } }], client_secret: null };
  expect(withoutPrivateFields('CLEANUP_TOKENS', value)).toEqual({
    days_old: 3,
    list: [{ Api_Key: '[redacted]', inner: { passwd: '[redacted]' } }],
    client_secret: null,
  });
  expect(mayHoldPrivateFields('CLEANUP_TOKENS', '{"refresh_tokens":"abc"}')).toBe(true);
  expect(mayHoldPrivateFields('CLEANUP_TOKENS', '{"days_old":3}')).toBe(false);
});

test('a value without private fields is the same object', () => {
  const value = { days_old: 3, expired_reset_tokens: 3 };
  expect(withoutPrivateFields('CLEANUP_TOKENS', value)).toBe(value);
});

import { createHash } from 'node:crypto';
import { createResetTokens } from './reset-tokens';

it('makes the same token of the same id and secret, and of no others; the hash is that of the token', () => {
  const [one, other] = [createResetTokens('a secret'), createResetTokens('another secret')];
  const token = one.tokenOf('id 1');
  expect(token).toMatch(/^[\w-]{43}$/);
  expect(createResetTokens('a secret').tokenOf('id 1')).toBe(token);
  expect(new Set([token, one.tokenOf('id 2'), other.tokenOf('id 1')]).size).toBe(3);
  expect(one.hashOf('id 1')).toBe(createHash('sha256').update(token).digest('hex'));
});

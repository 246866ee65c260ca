import { hashPassword, verifyPassword } from './password';

it('knows the right password from a wrong one, and salts each hash', async () => {
  const [one, two] = await Promise.all([hashPassword('correct horse'), hashPassword('correct horse')]);
  expect(one).not.toBe(two);
  expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(await verifyPassword(one, 'correct horse')).toBe(true);
  expect(await verifyPassword(one, 'correct horsE')).toBe(false);
});

it('takes a stored text that is no hash for a wrong password', async () => {
  expect(await verifyPassword('plain text', 'plain text')).toBe(false);
});

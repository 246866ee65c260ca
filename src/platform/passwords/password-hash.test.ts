import { hashPassword, isOutdatedHash, verifyPassword } from './password-hash';

it('knows the right password from a wrong one, and salts each hash', async () => {
  const [one, two] = await Promise.all([hashPassword('correct horse'), hashPassword('correct horse')]);
  expect(one).not.toBe(two);
  expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(await verifyPassword(one, 'correct horse')).toBe(true);
  expect(await verifyPassword(one, 'correct horsE')).toBe(false);
});

it('takes a stored text that is no hash for a wrong password', async () => {
  for (const text of ['plain text', '', '$2b$12$short', '$argon2id$v=19$m=19456'])
    expect(await verifyPassword(text, 'plain text')).toBe(false);
});

it('cuts no password off', async () => {
  const long = 'x'.repeat(200);
  const hashed = await hashPassword(`${long}y`);
  expect(await verifyPassword(hashed, `${long}y`)).toBe(true);
  expect(await verifyPassword(hashed, `${long}z`)).toBe(false);
});

it("verifies the predecessor's bcrypt hashes, and calls them and weaker ones outdated", async () => {
  const bcrypt = '$2b$12$EMLIcoxAbNjxGBJ1HN6YleV4YMVNaC2xYQrui7vUp/6UjiDBobFhq';
  expect(await verifyPassword(bcrypt, 'correct horse')).toBe(true);
  expect(await verifyPassword(bcrypt, 'correct horsE')).toBe(false);
  expect(isOutdatedHash(bcrypt)).toBe(true);
  expect(isOutdatedHash('$argon2id$v=19$m=4096,t=3,p=1$c2FsdA$aGFzaA')).toBe(true);
  expect(isOutdatedHash(await hashPassword('correct horse'))).toBe(false);
});

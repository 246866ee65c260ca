const LEAST_PASSWORD_LENGTH = 8;
/** In characters, as people and JSON Schema count them. */
export const isLongEnough = (password: string): boolean => [...password].length >= LEAST_PASSWORD_LENGTH;

export type PasswordPolicy = ReturnType<typeof createPasswordPolicy>;

/** Says what is wrong with a new password, or nothing. */
export function createPasswordPolicy(deps: { isGuessable(password: string, words: readonly string[]): boolean }) {
  return (password: string, owner: { username: string; email: string }): string | undefined => {
    if (!isLongEnough(password)) return `The password must have at least ${LEAST_PASSWORD_LENGTH} characters`;
    const { username, email } = owner;
    const isOwn = [username, email].some((text) => text.toLowerCase() === password.trim().toLowerCase());
    if (isOwn || deps.isGuessable(password, [username, email, email.split('@', 1)[0] ?? '']))
      return 'The password is too easy to guess';
    return undefined;
  };
}

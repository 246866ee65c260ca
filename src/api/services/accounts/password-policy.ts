const MIN_PASSWORD_LENGTH = 8;
/** Counts characters (code points) as JSON Schema does, not UTF-16 units. */
export const isLongEnough = (password: string): boolean => [...password].length >= MIN_PASSWORD_LENGTH;

export type PasswordPolicy = ReturnType<typeof createPasswordPolicy>;

/** Returns what is wrong with a new password, or undefined. */
export function createPasswordPolicy(deps: { isGuessable(password: string, words: readonly string[]): boolean }) {
  return (password: string, owner: { username: string; email: string }): string | undefined => {
    if (!isLongEnough(password)) return `The password must have at least ${MIN_PASSWORD_LENGTH} characters`;
    const { username, email } = owner;
    const isOwnName = [username, email].some((text) => text.toLowerCase() === password.trim().toLowerCase());
    if (isOwnName || deps.isGuessable(password, [username, email, email.split('@', 1)[0] ?? '']))
      return 'The password is too easy to guess';
    return undefined;
  };
}

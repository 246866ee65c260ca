export const LEAST_PASSWORD_LENGTH = 8;

export type PasswordPolicy = ReturnType<typeof createPasswordPolicy>;

/** Says what is wrong with a new password, or nothing. */
export function createPasswordPolicy(deps: { isCommon(password: string): boolean }) {
  return (password: string, owner: { username: string; email: string }): string | undefined => {
    if (password.length < LEAST_PASSWORD_LENGTH) return `The password must have at least ${LEAST_PASSWORD_LENGTH} characters`;
    const own = [owner.username, owner.email].map((text) => text.toLowerCase());
    if (deps.isCommon(password) || own.includes(password.toLowerCase())) return 'The password is too easy to guess';
    return undefined;
  };
}

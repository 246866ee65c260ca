import { isNativeError } from 'node:util/types';

/** A start that fails for a reason its reader can mend: shown without a stack trace. */
export class StartError extends Error {
  override readonly name: string = 'StartError';
}

/** The last words of a process that does not come up. */
export function showFailedStart(error: unknown): void {
  console.error(error instanceof StartError ? `\n${error.message}` : error);
}

/** A service that is configured and does not answer, or refuses us: the variable, the address (without its password) and the cause. */
export function unreachable(variable: string, service: string, address: string, cause: unknown): StartError {
  return new StartError(`${variable}: ${service} at ${redactUrl(address)} cannot be used: ${reasonOf(cause)}`, {
    cause,
  });
}

/** For people to read: no password, and nothing that might be one because it was not encoded. */
export function redactUrl(text: string): string {
  const [, scheme, authority, rest] = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)(.*)$/is.exec(text) ?? [];
  if (scheme === undefined || authority === undefined || rest === undefined) return text;
  // A / ? or # within the password: where it begins and ends is anybody's guess.
  if (rest.includes('@')) return `${scheme}***`;
  const at = authority.lastIndexOf('@');
  const login = authority.slice(0, Math.max(at, 0));
  // Redis takes a lone word for a user, people write their password there.
  const isUserAlone = scheme.startsWith('postgres') && !/[:@]/.test(login);
  const user = at < 0 ? '' : isUserAlone ? `${login}@` : `${login.includes(':') ? login.split(':')[0] : ''}:***@`;
  // A query may hold a password, too.
  return `${scheme}${user}${authority.slice(at + 1)}${rest.replace(/[?#].*$/s, '?***')}`;
}

const REASONS: Record<string, string> = {
  ECONNREFUSED: 'connection refused, nothing listens there',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the host name cannot be resolved',
  ETIMEDOUT: 'timed out',
  EHOSTUNREACH: 'the host cannot be reached',
  ECONNRESET: 'it closed the connection',
  ENOENT: 'there is no such file',
  // What undici says of ports such as 1 or 25, whether anybody listens or not.
  'bad port': "not asked: Node's fetch connects to no port that browsers block",
};

/** The innermost message that says something; the usual network codes in words. */
export function reasonOf(error: unknown): string {
  if (!isNativeError(error)) return String(error);
  const { code, cause, errors } = error as NodeJS.ErrnoException & Partial<AggregateError>;
  if (code && REASONS[code]) return REASONS[code];
  // A host name with several addresses fails with the errors of all of them.
  const inner: unknown = errors?.[0] ?? cause;
  if (isNativeError(inner)) return reasonOf(inner);
  return REASONS[error.message] ?? (error.message || code || error.name);
}

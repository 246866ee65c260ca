import { isNativeError } from 'node:util/types';

/** The address for messages, without the password and without text that may be an unencoded part of one. */
export function redactUrl(text: string): string {
  const [, scheme, authority, rest] = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)(.*)$/is.exec(text) ?? [];
  if (scheme === undefined || authority === undefined || rest === undefined) return text;
  // With an unencoded / ? or # in the password nothing tells where the password ends.
  if (rest.includes('@')) return `${scheme}***`;
  const at = authority.lastIndexOf('@');
  const login = authority.slice(0, Math.max(at, 0));
  // Redis reads a single word before the @ as the user, but people write their password there.
  const isUserAlone = scheme.startsWith('postgres') && !/[:@]/.test(login);
  const user = login.includes(':') ? login.split(':')[0] : '';
  const shownLogin = isUserAlone ? `${login}@` : `${user}:***@`;
  // A query string may contain a password too.
  return `${scheme}${at < 0 ? '' : shownLogin}${authority.slice(at + 1)}${rest.replace(/[?#].*$/s, '?***')}`;
}

const REASONS: Record<string, string> = {
  ECONNREFUSED: 'connection refused, nothing listens there',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the host name cannot be resolved',
  ETIMEDOUT: 'timed out',
  EHOSTUNREACH: 'the host cannot be reached',
  ECONNRESET: 'it closed the connection',
  ENOENT: 'there is no such file',
  // undici refuses ports such as 1 or 25 with this message, whether or not a server listens there.
  'bad port': "not asked: Node's fetch connects to no port that browsers block",
};

/** The message of the innermost cause that has one; common network error codes are put into words. */
export function reasonOf(error: unknown): string {
  if (!isNativeError(error)) return String(error);
  const { code, cause, errors } = error as NodeJS.ErrnoException & Partial<AggregateError>;
  if (code && REASONS[code]) return REASONS[code];
  // A host name with several addresses fails with one error for each address.
  const inner: unknown = errors?.[0] ?? cause;
  if (isNativeError(inner)) return reasonOf(inner);
  return REASONS[error.message] ?? (error.message || code || error.name);
}

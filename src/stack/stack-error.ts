import { isNativeError } from 'node:util/types';

/** A start that fails for a reason its reader can mend: shown without a stack trace. */
export class StackError extends Error {
  override readonly name = 'StackError';
}

/** A service that is configured and does not answer, or refuses us: the variable, the address (without its password) and the cause. */
export function unreachable(variable: string, service: string, address: string, cause: unknown): StackError {
  return new StackError(`${variable}: ${service} at ${redactUrl(address)} cannot be used: ${reasonOf(cause)}`, { cause });
}

export function redactUrl(text: string): string {
  return text.replace(/(\/\/[^/@:]*):[^/@]*@/, '$1:***@');
}

const REASONS: Record<string, string> = {
  ECONNREFUSED: 'connection refused, nothing listens there',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the host name cannot be resolved',
  ETIMEDOUT: 'timed out',
  EHOSTUNREACH: 'the host cannot be reached',
  ECONNRESET: 'it closed the connection',
};

/** The innermost message that says something; the usual network codes in words. */
export function reasonOf(error: unknown): string {
  if (!isNativeError(error)) return String(error);
  const { code, cause, errors } = error as NodeJS.ErrnoException & Partial<AggregateError>;
  if (code && REASONS[code]) return REASONS[code];
  // A host name with several addresses fails with the errors of all of them.
  const inner: unknown = errors?.[0] ?? cause;
  if (isNativeError(inner)) return reasonOf(inner);
  return error.message || code || error.name;
}

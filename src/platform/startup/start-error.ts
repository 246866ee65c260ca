import { inspect } from 'node:util';
import { reasonOf, redactUrl } from './error-texts';

/** A failed start with a cause that the reader can mend. It is shown without a stack trace. */
export class StartError extends Error {
  override readonly name: string = 'StartError';
}

/** Shows why a process failed to start. */
export function showFailedStart(error: unknown): void {
  process.stderr.write(`${error instanceof StartError ? `\n${error.message}` : inspect(error)}\n`);
}

/**
 * A configured service that does not answer or refuses the connection. The message names variable, address (without
 * password) and cause.
 */
export function unreachable(variable: string, service: string, address: string, cause: unknown): StartError {
  return new StartError(`${variable}: ${service} at ${redactUrl(address)} cannot be used: ${reasonOf(cause)}`, {
    cause,
  });
}

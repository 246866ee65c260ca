import pino from 'pino';

export type Logger = pino.Logger;

/** Secrets never reach a log line, wherever in an object they stand one level deep. */
const REDACTED = ['password', 'new_password', 'hashed_password', 'token', 'access_token', 'refresh_token', 'secret', 'client_secret', 'authorization', 'cookie'];

/** JSON lines; readable ones on a terminal. */
export function createLogger(options: { name: string; level: string }): Logger {
  return pino({
    name: options.name,
    level: options.level,
    redact: REDACTED.flatMap((field) => [field, `*.${field}`, `req.headers.${field}`]),
    ...(process.stdout.isTTY ? { transport: { target: 'pino-pretty', options: { ignore: 'pid,hostname', translateTime: 'HH:MM:ss' } } } : {}),
  });
}

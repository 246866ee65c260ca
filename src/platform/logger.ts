import pino from 'pino';

export type Logger = pino.Logger;

/** Fields whose values are never logged, at the top of an object or one level below. */
const REDACTED = [
  'password',
  'new_password',
  'hashed_password',
  'token',
  'access_token',
  'refresh_token',
  'secret',
  'client_secret',
  'api_key',
  'apiKey',
  'authorization',
  'cookie',
];

/** PostgreSQL's `detail` repeats the refused row, which may contain addresses and hashes. */
const ROWS = ['err.detail', 'err.nativeError.detail'];

/** Writes JSON lines, or readable ones on a terminal. The fields that `context` returns are added to every line. */
export function createLogger(
  options: { name: string; level: string; context?: () => Record<string, unknown> },
  destination?: pino.DestinationStream,
): Logger {
  const { context } = options;
  const settings: pino.LoggerOptions = {
    name: options.name,
    level: options.level,
    redact: [...ROWS, ...REDACTED.flatMap((field) => [field, `*.${field}`, `req.headers.${field}`])],
    ...(context ? { mixin: (_line, _level, logger) => withoutKeysOf(logger.bindings(), context()) } : {}),
    ...(process.stdout.isTTY && !destination
      ? { transport: { target: 'pino-pretty', options: { ignore: 'pid,hostname', translateTime: 'HH:MM:ss' } } }
      : {}),
  };
  return destination ? pino(settings, destination) : pino(settings);
}

const withoutKeysOf = (present: object, fields: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !(name in present)));

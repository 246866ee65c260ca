import { isGrpcServiceError, ServiceError } from '@temporalio/client';
import { NamespaceNotFoundError } from '@temporalio/common';

/** The fields by which errors of libraries are told apart. */
export interface LibraryError {
  name?: string;
  code?: string | number;
  message?: string;
  /** Of an error that PostgreSQL reported. */
  severity?: string;
  statusCode?: number;
  /** Set by http-errors: the message may be sent to the client. */
  expose?: boolean;
  cause?: unknown;
  nativeError?: unknown;
}

/** Of Node's sockets and its resolver: nothing can be sent to the server, or it broke off. */
const SOCKET_CODES = new Set<unknown>([
  ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN'],
  ...['EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH', 'ENETDOWN', 'EADDRNOTAVAIL', 'NR_CLOSED'],
]);

/**
 * SQLSTATEs that tell of the server and not of the query: connections (08), a role or database that is refused (28,
 * 3D000), a full disk or memory (53), a shutdown, a standby or a lock of somebody else (25006, 40001, 40P01, 55P03,
 * 57), its operating system (58) and damage (XX).
 */
const SQLSTATES = /^(08|28|3D000|25006|40001|40P01|53|55P03|57|58|XX)/;
const isSqlState = (code: unknown): code is string => typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code);

/** Knex found no free connection in time; ioredis gave up on its server. */
const CONNECTION_ERRORS = new Set<unknown>(['KnexTimeoutError', 'MaxRetriesPerRequestError', 'ClusterAllFailedError']);
/** Lost connections that pg and ioredis report by text alone. Knex puts the query and " - " in front of it. */
const CONNECTION_MESSAGES = [
  /(^| - )(Connection terminated|timeout expired|Client has encountered a connection error)/,
  /^(Connection is closed|Command timed out|Stream isn't writeable)/,
];
/** Redis is loading, full, a replica, without its disk, or does not know us (any more). */
const REDIS_MESSAGE =
  /^-?(LOADING|READONLY|OOM|MISCONF|NOAUTH|WRONGPASS|NOPERM|BUSY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|NOREPLICAS)\b/;

const GRPC_INVALID_ARGUMENT = 3;

/** Whether a store (PostgreSQL, Redis) is away, broken, or refuses us: a later request may succeed. */
export function isStoreUnavailable({ name, code, severity, message = '' }: LibraryError): boolean {
  // PostgreSQL ends the connection, or does not begin it.
  if (severity === 'FATAL' || severity === 'PANIC') return true;
  if (SOCKET_CODES.has(code) || CONNECTION_ERRORS.has(name)) return true;
  if (CONNECTION_MESSAGES.some((pattern) => pattern.test(message))) return true;
  if (name === 'ReplyError') return REDIS_MESSAGE.test(message);
  return isSqlState(code) && SQLSTATES.test(code);
}

/** The same of Temporal. An invalid argument is a fault of Taskloom's own request, so it stays a 500. */
export function isTemporalUnavailable(error: unknown): boolean {
  if (error instanceof NamespaceNotFoundError) return true;
  const grpc = error instanceof ServiceError ? error.cause : error;
  if (isGrpcServiceError(grpc)) return (grpc.code as number) !== GRPC_INVALID_ARGUMENT;
  return error instanceof ServiceError;
}

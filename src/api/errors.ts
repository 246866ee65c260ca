import type { BadCursorError } from '../storage/sql/page-cursor';
import type { ScheduleConfigError } from '../scheduling/config-fields/schedule-config-error';
import type { ValidationError } from './http/validation-errors';

/** What a caller gets to see: `detail` is a text, or the list of what is wrong with the request. */
export interface ErrorAnswer {
  status: number;
  detail: string | ValidationError[];
  headers?: Record<string, string>;
}

/** The literals that the web client compares with or maps. */
export const TEXTS = {
  badCredentials: '用户名或密码不正确',
  userNotFound: '用户不存在',
  emailTaken: '该邮箱已被注册',
  usernameTaken: '该用户名已被使用',
  badRefreshToken: '无效的刷新令牌',
  userInactive: '用户未激活',
  forbidden: '权限不足',
} as const;

class ApiError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
  }
}
export class BadRequestError extends ApiError {
  override readonly name = 'BadRequestError';
}
export class UnauthorizedError extends ApiError {
  override readonly name = 'UnauthorizedError';
}
export class ForbiddenError extends ApiError {
  override readonly name = 'ForbiddenError';
}
export class NotFoundError extends ApiError {
  override readonly name = 'NotFoundError';
}
export class MethodNotAllowedError extends ApiError {
  override readonly name = 'MethodNotAllowedError';
  constructor(readonly allowed: string[]) {
    super('Method Not Allowed');
  }
}
/** It was there. */
export class GoneError extends ApiError {
  override readonly name = 'GoneError';
}
export class RangeNotSatisfiableError extends ApiError {
  override readonly name = 'RangeNotSatisfiableError';
  constructor(readonly size: number) {
    super('The file has no such range');
  }
}
export class ExpectationFailedError extends ApiError {
  override readonly name = 'ExpectationFailedError';
  constructor() {
    super('Of Expect, only 100-continue is known');
  }
}
export class ConflictError extends ApiError {
  override readonly name = 'ConflictError';
}
/** Temporal or a store does not answer; the message names it, the cause goes to the log only. */
export class UnavailableError extends ApiError {
  override readonly name = 'UnavailableError';
}
export class TooManyRequestsError extends ApiError {
  override readonly name = 'TooManyRequestsError';
  constructor(readonly retryAfterSeconds: number) {
    super('Too many attempts; try again later');
  }
}
export class RequestFaultsError extends Error {
  override readonly name = 'RequestFaultsError';
  constructor(readonly items: ValidationError[]) {
    super(items.map((item) => item.msg).join(', '));
  }
}

interface AnyError {
  name?: string;
  code?: string | number;
  message?: string;
  statusCode?: number;
  cause?: unknown;
  nativeError?: AnyError;
}
type Rule = [matches: (error: AnyError) => boolean, answer: (error: AnyError) => ErrorAnswer];

const named =
  (...names: string[]) =>
  (error: AnyError) =>
    names.includes(error.name ?? '');
const coded =
  (...codes: string[]) =>
  (error: AnyError) =>
    codes.includes(String(error.code));
const text = (status: number) => (error: AnyError) => ({ status, detail: error.message ?? '' });
const always = (status: number, detail: ErrorAnswer['detail']) => () => ({ status, detail });

const scheduleFaults = (error: ScheduleConfigError): ValidationError[] =>
  error.issues.map((issue) => ({
    type: 'value_error',
    loc: ['body', 'schedule_config', ...issue.path],
    msg: issue.message,
    input: issue.input ?? null,
  }));

/** Named error -> status and body. The first rule that matches counts; what no rule knows is a 500. */
const RULES: Rule[] = [
  [named('RequestFaultsError'), (error) => ({ status: 422, detail: (error as RequestFaultsError).items })],
  [
    named('BadCursorError'),
    (error) => ({
      status: 422,
      detail: [
        {
          type: 'value_error',
          loc: ['query', 'cursor'],
          msg: 'Not a cursor of this list',
          input: (error as BadCursorError).cursor,
        },
      ],
    }),
  ],
  [named('BadRequestError'), text(400)],
  [
    named('UnauthorizedError'),
    (error) => ({ status: 401, detail: error.message ?? '', headers: { 'WWW-Authenticate': 'Bearer' } }),
  ],
  [named('ForbiddenError'), text(403)],
  [named('NotFoundError'), text(404)],
  [
    named('MethodNotAllowedError'),
    (error) => ({
      status: 405,
      detail: error.message ?? '',
      headers: { Allow: (error as MethodNotAllowedError).allowed.join(', ') },
    }),
  ],
  [named('ConflictError'), text(409)],
  [named('GoneError'), text(410)],
  [
    named('RangeNotSatisfiableError'),
    (error) => ({
      status: 416,
      detail: error.message ?? '',
      headers: { 'Content-Range': `bytes */${(error as RangeNotSatisfiableError).size}` },
    }),
  ],
  [named('ExpectationFailedError'), text(417)],
  [named('UnavailableError'), text(503)],
  [
    named('TooManyRequestsError'),
    (error) => ({
      status: 429,
      detail: error.message ?? '',
      headers: { 'Retry-After': String((error as TooManyRequestsError).retryAfterSeconds) },
    }),
  ],
  [named('TooManyApiKeysError'), text(409)],
  [named('EmailTakenError'), always(409, TEXTS.emailTaken)],
  [named('UsernameTakenError'), always(409, TEXTS.usernameTaken)],
  [named('LastAdminError'), text(409)],
  [named('ScheduleConfigError'), (error) => ({ status: 422, detail: scheduleFaults(error as ScheduleConfigError) })],
  [
    named('ScheduleRefusedError'),
    (error) => ({
      status: 422,
      detail: [{ type: 'value_error', loc: ['body', 'schedule_config'], msg: error.message ?? '', input: null }],
    }),
  ],
  [named('ConfigNotFoundError'), always(404, 'Task config not found')],
  [named('ScheduleNotSettledError'), text(409)],
  [named('SchedulerUnavailableError'), always(503, 'Temporal does not answer')],
  // An INVALID_ARGUMENT is ours to mend.
  [
    (error) => named('ServiceError')(error) && (error.cause as AnyError | undefined)?.code !== 3,
    always(503, 'Temporal does not answer'),
  ],
  [coded('FST_ERR_CTP_BODY_TOO_LARGE'), always(413, 'Request body is too large')],
  // Connection refused or lost, server shutting down or starting, too many connections, pool exhausted.
  [
    coded('ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', '57P01', '57P02', '57P03', '53300', '08006', '08001'),
    always(503, 'Service Unavailable'),
  ],
  // A query's own text stands in front of what went wrong with it.
  [
    (error) =>
      named('KnexTimeoutError')(error) ||
      /(^| - )(Connection terminated|timeout expired|Client has encountered a connection error)/.test(
        error.message ?? '',
      ),
    always(503, 'Service Unavailable'),
  ],
  [named('MaxRetriesPerRequestError'), always(503, 'Service Unavailable')],
  // Fastify's own refusals of a request (bad URL encoding, unsupported framing).
  [
    (error) => typeof error.code === 'string' && error.code.startsWith('FST_') && (error.statusCode ?? 500) < 500,
    (error) => ({ status: error.statusCode ?? 400, detail: error.message ?? '' }),
  ],
];

export function answerError(error: unknown): ErrorAnswer {
  // Objection and the stores wrap what a server said; the outermost error that a rule knows counts.
  for (
    let candidate = error as AnyError | null | undefined;
    candidate;
    candidate = candidate.nativeError ?? (candidate.cause as AnyError | undefined)
  ) {
    const known = candidate;
    const rule = RULES.find(([matches]) => matches(known));
    if (rule) return rule[1](known);
  }
  return { status: 500, detail: 'Internal Server Error' };
}

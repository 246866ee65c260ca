import type { ValidationError } from './http/validation-errors';

/** What the client receives. `detail` is a text, or the list of validation errors. */
export interface ErrorResponse {
  status: number;
  detail: string | ValidationError[];
  headers?: Record<string, string>;
}

/** Texts that the web client compares with or translates: they must not change. */
export const TEXTS = {
  badCredentials: '用户名或密码不正确',
  userNotFound: '用户不存在',
  emailTaken: '该邮箱已被注册',
  usernameTaken: '该用户名已被使用',
  badRefreshToken: '无效的刷新令牌',
  userInactive: '用户未激活',
  forbidden: '权限不足',
} as const;

/** An error that carries its response: status, headers, and the message as `detail`. The cause goes to the log only. */
export abstract class ApiError extends Error {
  abstract readonly status: number;
  readonly headers?: Record<string, string>;
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
  }
  get detail(): ErrorResponse['detail'] {
    return this.message;
  }
}

export class BadRequestError extends ApiError {
  override readonly name = 'BadRequestError';
  readonly status = 400;
}

export class UnauthorizedError extends ApiError {
  override readonly name = 'UnauthorizedError';
  readonly status = 401;
  override readonly headers = { 'WWW-Authenticate': 'Bearer' };
}

export class ForbiddenError extends ApiError {
  override readonly name = 'ForbiddenError';
  readonly status = 403;
}

export class NotFoundError extends ApiError {
  override readonly name = 'NotFoundError';
  readonly status = 404;
}

export class MethodNotAllowedError extends ApiError {
  override readonly name = 'MethodNotAllowedError';
  readonly status = 405;
  override readonly headers: { Allow: string };
  constructor(allowed: string[]) {
    super('Method Not Allowed');
    this.headers = { Allow: allowed.join(', ') };
  }
}

export class ConflictError extends ApiError {
  override readonly name = 'ConflictError';
  readonly status = 409;
}

/** The resource existed and has been removed. */
export class GoneError extends ApiError {
  override readonly name = 'GoneError';
  readonly status = 410;
}

/** The resource is no longer as the client has read it. */
export class PreconditionFailedError extends ApiError {
  override readonly name = 'PreconditionFailedError';
  readonly status = 412;
  constructor() {
    super('The config was changed meanwhile: read it again, and repeat the change');
  }
}

export class RangeNotSatisfiableError extends ApiError {
  override readonly name = 'RangeNotSatisfiableError';
  readonly status = 416;
  override readonly headers: { 'Content-Range': string };
  /** @param size of the file in bytes */
  constructor(size: number) {
    super('The file has no such range');
    this.headers = { 'Content-Range': `bytes */${size}` };
  }
}

export class ExpectationFailedError extends ApiError {
  override readonly name = 'ExpectationFailedError';
  readonly status = 417;
  constructor() {
    super('Of Expect, only 100-continue is known');
  }
}

/** RFC 7694 has Accept-Encoding tell what would be accepted. */
export class UnsupportedEncodingError extends ApiError {
  override readonly name = 'UnsupportedEncodingError';
  readonly status = 415;
  override readonly headers = { 'Accept-Encoding': 'identity' };
  constructor() {
    super('Send the body uncompressed, without Content-Encoding');
  }
}

/** Whoever mends so many finds the rest with the next request. */
const MAX_SHOWN_ERRORS = 100;

export class RequestValidationError extends ApiError {
  override readonly name = 'RequestValidationError';
  readonly status = 422;
  readonly items: ValidationError[];
  constructor(items: ValidationError[]) {
    const shown = items.slice(0, MAX_SHOWN_ERRORS);
    super(shown.map((item) => item.msg).join(', '));
    this.items = shown;
  }
  override get detail(): ValidationError[] {
    return this.items;
  }
}

export class TooManyRequestsError extends ApiError {
  override readonly name = 'TooManyRequestsError';
  readonly status = 429;
  override readonly headers: { 'Retry-After': string };
  constructor(retryAfterSeconds: number) {
    super('Too many attempts; try again later');
    this.headers = { 'Retry-After': String(retryAfterSeconds) };
  }
}

/** Temporal or a store does not answer. The message names which one. */
export class UnavailableError extends ApiError {
  override readonly name = 'UnavailableError';
  readonly status = 503;
}

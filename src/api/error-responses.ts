import { ApiError, TEXTS, type ErrorResponse } from './errors';
import { isStoreUnavailable, isTemporalUnavailable, type LibraryError } from './unavailable-servers';
import type { FileMissingError } from '../platform/files/file-store';
import type { SchedulingError } from '../scheduling/temporal/scheduling-errors';
import type { StorageError } from '../storage/storage-errors';
import type { ValidationError } from './http/validation-errors';

/** The errors that other rooms throw on purpose. They know nothing of HTTP: each carries a `code`. */
type CodedError = StorageError | SchedulingError | FileMissingError;
type ErrorsByCode = { [Known in CodedError as Known['code']]: Known };
type ErrorCode = keyof ErrorsByCode;

const TEMPORAL_UNAVAILABLE: ErrorResponse = { status: 503, detail: 'Temporal does not answer' };
const STORE_UNAVAILABLE: ErrorResponse = { status: 503, detail: 'Service Unavailable' };

const conflict = (error: Error): ErrorResponse => ({ status: 409, detail: error.message });
const unprocessable = (...items: Omit<ValidationError, 'type'>[]): ErrorResponse => ({
  status: 422,
  detail: items.map((item) => ({ type: 'value_error', ...item })),
});

/** Code to response. Does not compile while a code of `CodedError` is missing. */
const RESPONSES: { [Code in ErrorCode]: (error: ErrorsByCode[Code]) => ErrorResponse } = {
  bad_cursor: ({ cursor }) =>
    unprocessable({ loc: ['query', 'cursor'], msg: 'Not a cursor of this list', input: cursor }),
  email_taken: () => ({ status: 409, detail: TEXTS.emailTaken }),
  username_taken: () => ({ status: 409, detail: TEXTS.usernameTaken }),
  last_admin: conflict,
  too_many_api_keys: conflict,
  invalid_schedule_config: ({ issues }) =>
    unprocessable(
      ...issues.map(({ path, message, input }) => ({
        loc: ['body', 'schedule_config', ...path],
        msg: message,
        input: input ?? null,
      })),
    ),
  schedule_refused: ({ message }) => unprocessable({ loc: ['body', 'schedule_config'], msg: message, input: null }),
  file_missing: () => ({ status: 410, detail: 'The file is not there any more' }),
  config_not_found: () => ({ status: 404, detail: 'Task config not found' }),
  schedule_not_settled: conflict,
  scheduler_unavailable: () => TEMPORAL_UNAVAILABLE,
};

const isCoded = (error: unknown): error is CodedError =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && Object.hasOwn(RESPONSES, error.code);

function respondToCode<Code extends ErrorCode>(code: Code, error: ErrorsByCode[Code]): ErrorResponse {
  return RESPONSES[code](error);
}

function respondToLibrary(error: LibraryError): ErrorResponse | undefined {
  if (isTemporalUnavailable(error)) return TEMPORAL_UNAVAILABLE;
  if (isStoreUnavailable(error)) return STORE_UNAVAILABLE;
  const { statusCode = 500, message = '' } = error;
  return statusCode < 500 && isRefusal(error) ? { status: statusCode, detail: message } : undefined;
}

/** Refusals by Fastify itself (bad URL encoding, unsupported framing), and http-errors of @fastify/static. */
const isRefusal = ({ code, expose }: LibraryError) =>
  (typeof code === 'string' && code.startsWith('FST_')) || expose === true;

function findResponse(error: unknown): ErrorResponse | undefined {
  if (error instanceof ApiError) return { status: error.status, detail: error.detail, headers: error.headers };
  return isCoded(error) ? respondToCode(error.code, error) : respondToLibrary(error as LibraryError);
}

/** The response to an error, or to the outermost of its causes that is known: libraries wrap what a server reported. */
export function toErrorResponse(error: unknown): ErrorResponse {
  for (let candidate = error; candidate;) {
    const response = findResponse(candidate);
    if (response) return response;
    const { nativeError, cause } = candidate as LibraryError;
    candidate = nativeError ?? cause;
  }
  return { status: 500, detail: 'Internal Server Error' };
}

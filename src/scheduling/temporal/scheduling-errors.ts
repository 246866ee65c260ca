import { ScheduleAlreadyRunning, ServiceError, isGrpcDeadlineError, isGrpcServiceError } from '@temporalio/client';
import { NamespaceNotFoundError } from '@temporalio/common';
import { ScheduleConfigError } from '../config-fields/schedule-config-error';

/** The errors that scheduling throws on purpose. The API maps each `code` to a response. */
export type SchedulingError =
  | SchedulerUnavailableError
  | ScheduleRefusedError
  | ConfigNotFoundError
  | ScheduleNotSettledError
  | ScheduleConfigError;

/** Temporal did not answer, or refused to be asked. */
export class SchedulerUnavailableError extends Error {
  override readonly name = 'SchedulerUnavailableError';
  readonly code = 'scheduler_unavailable';
  constructor(cause: unknown) {
    super(`Temporal is not available: ${detailsOf(cause)}`, { cause });
  }
}

/** Temporal does not take this schedule. */
export class ScheduleRefusedError extends Error {
  override readonly name = 'ScheduleRefusedError';
  readonly code = 'schedule_refused';
  constructor(cause: unknown) {
    super(`Temporal refused the schedule: ${detailsOf(cause)}`, { cause });
  }
}

export class ConfigNotFoundError extends Error {
  override readonly name = 'ConfigNotFoundError';
  readonly code = 'config_not_found';
  constructor(readonly configId: number) {
    super(`Task config ${configId} not found`);
  }
}

/** Other clients kept changing the config or its schedule, so that applying the row never settled. */
export class ScheduleNotSettledError extends Error {
  override readonly name = 'ScheduleNotSettledError';
  readonly code = 'schedule_not_settled';
  constructor(cause?: unknown) {
    super('others keep changing this schedule at the same time', { cause });
  }
}

/** Trying again will not help: the config has to change first. */
export const isRefusal = (error: unknown): error is Error =>
  error instanceof ScheduleConfigError || error instanceof ScheduleRefusedError;

// google.rpc.Code
const INVALID_ARGUMENT = 3;
const CANCELLED = 1;
const FAILED_PRECONDITION = 9;

const grpcErrorOf = (error: unknown) => (error instanceof ServiceError ? error.cause : error);

/** Another client created or deleted the schedule at the same moment. One that is closing fails the precondition. */
export function isContention(error: unknown): boolean {
  const grpc = grpcErrorOf(error);
  return (
    error instanceof ScheduleAlreadyRunning ||
    (isGrpcServiceError(grpc) && (grpc.code as number) === FAILED_PRECONDITION)
  );
}

/** The answer did not come in time, or its server gave it up on the way; what was asked for may have been done. */
export const isLate = (error: unknown): boolean =>
  isGrpcDeadlineError(error) || (grpcErrorOf(error) as { code?: number } | undefined)?.code === CANCELLED;

export function toSchedulerError(error: unknown): unknown {
  // The SDK turns "Invalid schedule spec" into a TypeError.
  if (error instanceof TypeError) return new ScheduleRefusedError(error);
  if (error instanceof NamespaceNotFoundError) return new SchedulerUnavailableError(error);
  if (isContention(error)) return new ScheduleNotSettledError(error);
  const grpc = grpcErrorOf(error);
  if (!isGrpcServiceError(grpc)) return error;
  return (grpc.code as number) === INVALID_ARGUMENT
    ? new ScheduleRefusedError(error)
    : new SchedulerUnavailableError(error);
}

function detailsOf(error: unknown): string {
  const cause = error instanceof ServiceError && error.cause ? error.cause : error;
  if (isGrpcServiceError(cause)) return cause.details;
  return cause instanceof Error ? cause.message : String(cause);
}

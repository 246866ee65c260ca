import { ServiceError, isGrpcServiceError } from '@temporalio/client';
import { NamespaceNotFoundError } from '@temporalio/common';

/** Temporal did not answer, or refused to be asked. */
export class SchedulerUnavailableError extends Error {
  constructor(cause: unknown) {
    super(`Temporal is not available: ${detailsOf(cause)}`, { cause });
    this.name = 'SchedulerUnavailableError';
  }
}

/** Temporal does not take this schedule. */
export class ScheduleRefusedError extends Error {
  constructor(cause: unknown) {
    super(`Temporal refused the schedule: ${detailsOf(cause)}`, { cause });
    this.name = 'ScheduleRefusedError';
  }
}

export class ConfigNotFoundError extends Error {
  constructor(readonly configId: number) {
    super(`Task config ${configId} not found`);
    this.name = 'ConfigNotFoundError';
  }
}

/** Others kept writing the config faster than its schedule could follow. */
export class ScheduleNotSettledError extends Error {
  constructor(readonly configId: number, rounds: number) {
    super(`The schedule of config ${configId} did not settle in ${rounds} rounds: others keep changing it`);
    this.name = 'ScheduleNotSettledError';
  }
}

// google.rpc.Code
const INVALID_ARGUMENT = 3;

export function toSchedulerError(error: unknown): unknown {
  // The SDK turns "Invalid schedule spec" into a TypeError.
  if (error instanceof TypeError) return new ScheduleRefusedError(error);
  if (error instanceof NamespaceNotFoundError) return new SchedulerUnavailableError(error);
  const grpc = error instanceof ServiceError ? error.cause : error;
  if (!isGrpcServiceError(grpc)) return error;
  return (grpc.code as number) === INVALID_ARGUMENT ? new ScheduleRefusedError(error) : new SchedulerUnavailableError(error);
}

function detailsOf(error: unknown): string {
  const cause = error instanceof ServiceError && error.cause ? error.cause : error;
  return isGrpcServiceError(cause) ? cause.details : cause instanceof Error ? cause.message : String(cause);
}

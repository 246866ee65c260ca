import type { z } from 'zod';
import type { TaskServices } from './task-services';

export type JsonObject = Record<string, unknown>;

/** What one attempt of a run gets to work with. */
export interface TaskContext {
  readonly configId: number | null;
  readonly executionId: number;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** When the execution (not this attempt) began. */
  readonly startedAt: Date;
  /** Aborted when the run is cancelled, times out, or its worker shuts down. Work must stop within 3 s of it. */
  readonly signal: AbortSignal;
  /** The cursor that the last attempt reported, or undefined on a first attempt. */
  readonly cursor: unknown;
  /** Reports the cursor from which a later attempt may go on. Cheap: call it after every step. */
  saveCursor(cursor: unknown): void;
  readonly log: { info(fields: JsonObject, message: string): void; warn(fields: JsonObject, message: string): void };
  readonly services: TaskServices;
}

export interface TaskType<Parameters = unknown> {
  /** The API's name for it, upper-case: HEALTH_CHECK. */
  readonly name: string;
  /** One sentence for the docs and the Temporal Web UI. */
  readonly summary: string;
  readonly parameters: z.ZodType<Parameters>;
  /**
   * A short task ends within 5 seconds whatever happens: it runs inside the workflow task (local activity) and in
   * batches, which is several times faster, but it can neither heartbeat nor be cancelled half-way.
   */
  readonly isShort: boolean;
  run(context: TaskContext, parameters: Parameters): Promise<JsonObject | null>;
}

/** Declares a task type; the parameters' type is inferred from their schema. */
export function defineTaskType<Schema extends z.ZodType>(definition: {
  name: string;
  summary: string;
  parameters: Schema;
  isShort?: boolean;
  run(context: TaskContext, parameters: z.infer<Schema>): Promise<JsonObject | null>;
}): TaskType {
  return { isShort: false, ...definition };
}

/** A failure that no retry can mend: it ends the run at once. */
export class PermanentTaskError extends Error {
  override readonly name = 'PermanentTaskError';
}

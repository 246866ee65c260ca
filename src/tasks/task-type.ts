import { z } from 'zod';
import type { Estimate, EstimateBasis } from './task-estimate';
import type { TaskServices } from './task-services';

declare module 'zod' {
  interface GlobalMeta {
    /** A list that may also be given as a single item. The JSON Schema offers both. */
    isOneOrMany?: boolean;
  }
}

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

export const AD_HOC_ACCESSES = ['operator', 'admin'] as const;
export type AdHocAccess = (typeof AD_HOC_ACCESSES)[number];

/** What is still known of a run after its last attempt. */
export type EndedRun = Pick<TaskContext, 'configId' | 'executionId' | 'startedAt' | 'services'>;

/** Parameters that the API refuses, all of them for the same fault. */
export interface RefusedParameters {
  readonly parameters: JsonObject;
  /** The parameter at fault, such as `subreddits.0` or `filters.authors`; several where each is at fault by itself. */
  readonly at: string | readonly string[];
  /** The JSON Schema accepts them, because it cannot compare one value with another. */
  readonly isBeyondJsonSchema?: boolean;
}

/** The schema's input; where it names no parameter at all (`z.object({})`), whatever it ignores. */
type AcceptedParameters<Schema extends z.ZodType> =
  z.input<Schema> extends Record<string, never> ? JsonObject : z.input<Schema> & JsonObject;

/** Each is tested against the schema, the JSON Schema that the API publishes, and the API itself. */
export interface ParameterExamples<Schema extends z.ZodType = z.ZodType> {
  /** The first one serves wherever one example is shown or run. */
  readonly accepted: readonly [AcceptedParameters<Schema>, ...AcceptedParameters<Schema>[]];
  readonly refused: readonly RefusedParameters[];
}

export interface TaskType<Parameters = unknown> {
  /** The API's name for it, upper-case: HEALTH_CHECK. */
  readonly name: string;
  /** One sentence for the docs and the Temporal Web UI. */
  readonly summary: string;
  /** What requests may hold. Names that it does not know are refused. */
  readonly parameters: z.ZodType<Parameters>;
  /** The same for what is stored: where the definition ignores unknown names, older configs may have some. */
  readonly storedParameters: z.ZodType<Parameters>;
  readonly examples: ParameterExamples;
  /**
   * A short task ends within 5 seconds whatever happens: it runs inside the workflow task (local activity) and in
   * batches, which is several times faster, but it can neither heartbeat nor be cancelled half-way.
   */
  readonly isShort: boolean;
  /**
   * Names of what only operators may read: parameters, and fields of results and cursors at any depth. Readers below
   * operator see `[redacted]` in place of them, and in place of the failure texts of such runs, which may quote them.
   * Exports redact them for everybody.
   */
  readonly privateFields: readonly string[];
  /**
   * Who may run it with parameters of their own, without a config. `admin` for what deletes, or reaches people outside:
   * an operator then runs only what an admin has stored or chosen, by config, schedule or retry.
   */
  readonly adHocAccess: AdHocAccess;
  /** Parameters that may be left out because the operator has set a default for them. */
  configuredDefaults?(): JsonObject;
  /** The given parameters in the form in which they are stored; as they are given without it. */
  toStored?(parameters: JsonObject): JsonObject;
  /** The time limit of a run whose config and request set none. Without it such a run has no limit. */
  readonly defaultTimeoutSeconds?: number;
  /** The name of the workflow that does the work in steps of its own, where one activity is not enough. */
  readonly workflow?: string;
  /** What a config with these parameters would cost, before it is run. */
  estimate?(parameters: Parameters, basis: EstimateBasis): Promise<Estimate>;
  run(context: TaskContext, parameters: Parameters): Promise<JsonObject | null>;
  /**
   * The result of a run that failed, was cancelled or timed out: what it has done all the same. Without it there is
   * none.
   */
  partialResult?(run: EndedRun, parameters: Parameters): Promise<JsonObject>;
  /** The progress in percent of a run with this cursor; null when it cannot be derived. */
  percentAt?(cursor: unknown): number | null;
}

interface Definition<Schema extends z.ZodType> {
  name: string;
  summary: string;
  parameters: Schema;
  examples: ParameterExamples<NoInfer<Schema>>;
  privateFields?: readonly string[];
  adHocAccess?: AdHocAccess;
  defaultTimeoutSeconds?: number;
  configuredDefaults?(): JsonObject;
  toStored?(parameters: JsonObject): JsonObject;
  estimate?(parameters: z.infer<Schema>, basis: EstimateBasis): Promise<Estimate>;
}
interface InOneGo<Schema extends z.ZodType> {
  isShort?: boolean;
  run(context: TaskContext, parameters: z.infer<Schema>): Promise<JsonObject | null>;
  partialResult?(run: EndedRun, parameters: z.infer<Schema>): Promise<JsonObject>;
  percentAt?(cursor: unknown): number | null;
}
interface InSteps {
  workflow: string;
}

/** The schema without unknown names. What its `meta` adds to the JSON Schema stays. */
function refusingUnknown(schema: z.ZodType): z.ZodType {
  if (!(schema instanceof z.ZodObject) || schema.def.catchall instanceof z.ZodNever) return schema;
  const strict = schema.strict();
  const meta = schema.meta();
  return meta ? strict.meta(meta) : strict;
}

/**
 * Declares a task type; the parameters' type is inferred from their schema. It has a `run`, or names a workflow of its
 * own.
 */
export function defineTaskType<Schema extends z.ZodType>(
  definition: Definition<Schema> & (InOneGo<Schema> | InSteps),
): TaskType {
  const parameters = { parameters: refusingUnknown(definition.parameters), storedParameters: definition.parameters };
  const defaults = { isShort: false, privateFields: [], adHocAccess: 'operator' } as const;
  if ('run' in definition) return { ...defaults, ...definition, ...parameters };
  const run = () =>
    Promise.reject(
      new PermanentTaskError(
        `${definition.name} is done by the workflow ${definition.workflow}; ` +
          'this run was started by an older version of Taskloom; start it again',
      ),
    );
  return { ...defaults, run, ...definition, ...parameters };
}

/** A failure that no retry can mend: it ends the run at once. */
export class PermanentTaskError extends Error {
  override readonly name = 'PermanentTaskError';
  readonly isPermanent = true;
}

import type { z } from 'zod';
import type { ScheduleIssue } from './schedule-config-error';

export type FieldReader = ReturnType<typeof createFieldReader>;

/**
 * Reads the fields of a `schedule_config` one by one and collects all faults. An explicit null counts as left out.
 * `isNew`: it is about to be stored.
 */
export function createFieldReader(config: Record<string, unknown>, { isNew = false } = {}) {
  const issues: ScheduleIssue[] = [];

  /** Without `field`, the fault concerns the whole config. */
  function fail(field: string | undefined, message: string): undefined {
    issues.push(
      field === undefined ? { path: [], message, input: config } : { path: [field], message, input: config[field] },
    );
  }

  /** A fault that stored configs are spared, because earlier versions accepted it. */
  const failIfNew = (field: string | undefined, message: string): undefined =>
    isNew ? fail(field, message) : undefined;

  const has = (field: string) => config[field] !== undefined && config[field] !== null;

  /** Undefined when the field is faulty. */
  function read<Value>(field: string, schema: z.ZodType<Value>): Value | undefined {
    const { success, data, error } = schema.safeParse(config[field] ?? undefined);
    return success ? data : fail(field, error.issues.map((issue) => issue.message).join('; '));
  }

  /** The default stands for a field that is left out; also for a faulty one, so that reading can go on. */
  const readOr = <Value>(field: string, schema: z.ZodType<Value>, defaultValue: Value): Value =>
    has(field) ? (read(field, schema) ?? defaultValue) : defaultValue;

  return { issues, fail, failIfNew, has, read, readOr };
}

import type { z } from 'zod';
import type { PreviewWarning } from '../scheduler-types/preview-warning';
import type { ScheduleIssue } from './schedule-config-error';

export type FieldReader = ReturnType<typeof createFieldReader>;

/**
 * Reads the fields of a `schedule_config` one by one and collects all faults. An explicit null counts as left out.
 * `isNew`: it is about to be stored.
 */
export function createFieldReader(config: Record<string, unknown>, { isNew = false } = {}) {
  const issues: ScheduleIssue[] = [];
  const warnings: PreviewWarning[] = [];
  const asked = new Set<string>();

  /** Without `field`, the fault concerns the whole config. */
  function fail(field: string | undefined, message: string): undefined {
    issues.push(
      field === undefined ? { path: [], message, input: config } : { path: [field], message, input: config[field] },
    );
  }

  function warn(field: string, code: PreviewWarning['code'], message: string): void {
    warnings.push({ code, message: `schedule_config.${field}: ${message}${message.endsWith('?') ? '' : '.'}` });
  }

  /** A fault of new configs. Stored ones get a warning instead, because earlier versions accepted it. */
  function failIfNew(field: string, code: PreviewWarning['code'], message: string): void {
    if (isNew) fail(field, message);
    else warn(field, code, message);
  }

  function has(field: string): boolean {
    asked.add(field);
    return config[field] !== undefined && config[field] !== null;
  }

  /** The value as it was given, unchecked. */
  const peek = (field: string): unknown => config[field];

  /** Undefined when the field is faulty. */
  function read<Value>(field: string, schema: z.ZodType<Value>): Value | undefined {
    asked.add(field);
    const { success, data, error } = schema.safeParse(config[field] ?? undefined);
    return success ? data : fail(field, error.issues.map((issue) => issue.message).join('; '));
  }

  /** The default stands for a field that is left out; also for a faulty one, so that reading can go on. */
  const readOr = <Value>(field: string, schema: z.ZodType<Value>, defaultValue: Value): Value =>
    has(field) ? (read(field, schema) ?? defaultValue) : defaultValue;

  return { issues, warnings, asked, fail, failIfNew, warn, has, peek, read, readOr };
}

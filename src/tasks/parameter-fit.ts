import { PermanentTaskError } from './task-type';
import type { z } from 'zod';

/** The message for users that tells why a run cannot use the stored parameters. */
export function misfitOf({ name }: { name: string }, { issues }: z.ZodError): string {
  const list = issues.map((issue) => `${issue.path.join('.') || 'parameters'}: ${issue.message}`);
  return `Its parameters do not fit ${name}: ${list.join('; ')}`;
}

/**
 * Stored parameters as the type reads them today: they may be older than its schema, and then no retry can mend the
 * run.
 */
export function fitParameters<Parameters>(
  taskType: { name: string; storedParameters: z.ZodType<Parameters> },
  stored: unknown,
): Parameters {
  const { error, data } = taskType.storedParameters.safeParse(stored);
  if (error) throw new PermanentTaskError(misfitOf(taskType, error));
  return data;
}

import { PermanentTaskError } from './task-type';
import type { z } from 'zod';

/** Why stored parameters cannot be run with, in words for their owner. */
export const misfitOf = ({ name }: { name: string }, { issues }: z.ZodError): string =>
  `Its parameters do not fit ${name}: ${issues.map((issue) => `${issue.path.join('.') || 'parameters'}: ${issue.message}`).join('; ')}`;

/** Stored parameters as the type reads them today: they may be older than its schema, and then no retry can mend the run. */
export function fitParameters<Parameters>(
  taskType: { name: string; parameters: z.ZodType<Parameters> },
  stored: unknown,
): Parameters {
  const { error, data } = taskType.parameters.safeParse(stored);
  if (error) throw new PermanentTaskError(misfitOf(taskType, error));
  return data;
}

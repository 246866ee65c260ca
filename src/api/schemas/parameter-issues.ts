import { isDeepStrictEqual } from 'node:util';
import { z, type core } from 'zod';
import { findTaskType } from '../../tasks/registry';
import { findSizeIssue } from './json-size';

const anyObject = z.record(z.string(), z.unknown());

const namesOf = (schema: z.ZodType): string[] => (schema instanceof z.ZodObject ? Object.keys(schema.shape) : []);

/**
 * All errors of the parameters for a task type. Empty for an unknown type, and for anything but an object. Parameters
 * that equal the stored ones may have unknown names, as those of older versions do.
 */
export function findParameterIssues(typeName: string, parameters: unknown, stored?: unknown): core.$ZodIssue[] {
  const taskType = findTaskType(typeName);
  if (!taskType || !anyObject.safeParse(parameters).success) return [];
  const isStored = isDeepStrictEqual(parameters, stored);
  const tooLarge = isStored ? undefined : findSizeIssue(parameters);
  if (tooLarge) return [tooLarge];
  const schema = isStored ? taskType.storedParameters : taskType.parameters;
  const issues = schema.safeParse(parameters, { reportInput: true }).error?.issues ?? [];
  const known = namesOf(schema);
  return issues.map((issue) =>
    issue.code === 'unrecognized_keys' && issue.path.length === 0 ? { ...issue, known } : issue,
  );
}

/** Names of stored parameters that their task type ignores. */
export function findUnknownParameters(typeName: string, stored: Record<string, unknown>): string[] {
  const taskType = findTaskType(typeName);
  if (!taskType || !(taskType.parameters instanceof z.ZodObject)) return [];
  const known = namesOf(taskType.parameters);
  return Object.keys(stored).filter((name) => !known.includes(name));
}

import { findSimilarName } from '../config-fields/similar-name';
import { schedulerTypes } from '../scheduler-types/registry';
import type { FieldReader } from '../config-fields/field-reader';
import type { SchedulerType } from '../scheduler-types/scheduler-type';

/**
 * Reports what `fields` was given and nobody reads. A new config is refused for a field that no scheduler type knows; a
 * form may leave the fields of another type behind, so those are only warned of.
 */
export function reportUnknownFields(fields: FieldReader, config: Record<string, unknown>, type: SchedulerType): void {
  const known = [...new Set([...fields.asked, ...type.fields])];
  for (const field of Object.keys(config).filter((one) => !known.includes(one))) {
    if (config[field] === null || config[field] === undefined) continue;
    const owner = schedulerTypes.find((other) => other.fields.includes(field));
    if (owner) fields.warn(field, 'unused_field', `only ${owner.name} schedules use it; remove it`);
    else fields.failIfNew(field, 'unknown_field', describeUnknown(field, known));
  }
}

function describeUnknown(field: string, known: string[]): string {
  const meant = findSimilarName(field, known);
  return meant === undefined
    ? `is not known; remove it, or use one of ${known.join(', ')}`
    : `is not known; did you mean ${meant}?`;
}

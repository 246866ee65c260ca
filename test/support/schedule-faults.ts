import { ScheduleConfigError } from '../../src/scheduling/config-fields/schedule-config-error';
import { parseScheduleConfig } from '../../src/scheduling/schedule/schedule-config';

const now = new Date('2026-06-01T12:00:00.400Z');

/** Checks a new `schedule_config` at noon of 2026-06-01. */
export const parseAtNoon = (type: string, raw: unknown) => parseScheduleConfig(type, raw, { now, isNew: true });

/** Its faults as "path: message". */
export function faultsOf(type: string, raw: unknown): string[] {
  try {
    parseAtNoon(type, raw);
    return [];
  } catch (error) {
    if (!(error instanceof ScheduleConfigError)) throw error;
    return error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  }
}

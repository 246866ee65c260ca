import { isDeepStrictEqual } from 'node:util';
import { z, type core } from 'zod';
import { ScheduleConfigError } from '../../scheduling/config-fields/schedule-config-error';
import { isSameSchedule, parseScheduleConfig } from '../../scheduling/schedule/schedule-config';
import { findSchedulerType } from '../../scheduling/scheduler-types/registry';
import { findSizeIssue } from './json-size';
import { findParameterIssues } from './parameter-issues';

const object = z.record(z.string(), z.unknown());

/**
 * All errors of the parameters, by the task type's schema, and of the schedule, by the scheduler type. A schedule that
 * means the same as the stored one (`storedSchedule`) may lie in the past, because a form sends it back unchanged; one
 * that is written the same may also contain what only earlier versions accepted.
 */
export function findConfigIssues(
  of: { taskType: string; schedulerType: string; storedParameters?: unknown; storedSchedule?: unknown },
  body: { parameters?: unknown; schedule_config?: unknown },
): core.$ZodIssue[] {
  return [
    ...findParameterIssues(of.taskType, body.parameters, of.storedParameters).map((issue) => ({
      ...issue,
      path: ['parameters', ...issue.path],
    })),
    ...findScheduleIssues(of.schedulerType, body.schedule_config, of.storedSchedule),
  ];
}

function findScheduleIssues(type: string, schedule: unknown, stored: unknown): core.$ZodIssue[] {
  if (!findSchedulerType(type) || !object.safeParse(schedule).success) return [];
  const tooLarge = isDeepStrictEqual(schedule, stored) ? undefined : findSizeIssue(schedule);
  if (tooLarge) return [{ ...tooLarge, path: ['schedule_config'] }];
  try {
    const isUnchanged = stored !== undefined && isSameSchedule(type, schedule, stored);
    parseScheduleConfig(type, schedule, {
      isNew: !isDeepStrictEqual(schedule, stored),
      ...(isUnchanged ? {} : { now: new Date() }),
    });
    return [];
  } catch (error) {
    if (!(error instanceof ScheduleConfigError)) throw error;
    return error.issues.map(({ path, message, input }) => ({
      code: 'custom',
      path: ['schedule_config', ...path],
      message,
      input,
    }));
  }
}

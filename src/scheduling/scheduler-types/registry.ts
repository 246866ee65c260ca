import { cron } from './cron';
import { date } from './date';
import { interval } from './interval';
import { manual } from './manual';
import type { Schedule, SchedulerType } from './scheduler-type';

/** All scheduler types, in the order in which the API lists them. Checks and enums follow from this list. */
export const schedulerTypes: readonly SchedulerType[] = [cron, date, manual, interval];

const byName = new Map(schedulerTypes.map((type) => [type.name, type]));

export function findSchedulerType(name: string): SchedulerType | undefined {
  return byName.get(name);
}

/** The type of a checked schedule. */
export function typeOf(schedule: Schedule): SchedulerType {
  const type = findSchedulerType(schedule.type);
  if (!type) throw new TypeError(`unknown scheduler type ${schedule.type}`);
  return type;
}

import type { Schedule, SchedulerType } from './scheduler-type';

export interface ManualSchedule extends Schedule {
  type: 'manual';
}

/** Has no schedule: runs start by request only. */
export const manual: SchedulerType<ManualSchedule> = {
  name: 'manual',
  fields: [],
  fires: 'never',
  readRule: () => ({}),
  describe: () => 'manual',
  nextFireMs: () => null,
  toTemporal: () => null,
};

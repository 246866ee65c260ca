import type { Schedule, SchedulerType } from './scheduler-type';

export interface ManualSchedule extends Schedule {
  type: 'manual';
}

/** Runs only when somebody executes it. */
export const manual: SchedulerType<ManualSchedule> = {
  name: 'manual',
  fires: 'never',
  readRule: () => ({}),
  describe: () => 'manual',
  nextFireMs: () => null,
  toTemporal: () => null,
};

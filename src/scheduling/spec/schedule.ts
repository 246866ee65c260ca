export const OVERLAP_POLICIES = [
  'skip',
  'buffer_one',
  'buffer_all',
  'cancel_other',
  'terminate_other',
  'allow_all',
] as const;
export type OverlapPolicy = (typeof OVERLAP_POLICIES)[number];

/** Each field as the sorted values that it matches; Sunday is 0. */
export interface CronFields {
  minute: number[];
  hour: number[];
  day: number[];
  month: number[];
  dayOfWeek: number[];
  /** Both days are restricted, and neither begins with a star: classic cron then fires on either. */
  isEitherDay: boolean;
}

export interface ScheduleOptions {
  /** IANA name; what cron fields and times without an offset are read in. */
  timezone: string;
  startAt: Date | null;
  endAt: Date | null;
  jitterSeconds: number;
  overlap: OverlapPolicy;
  catchupWindowSeconds: number;
  isPausedOnFailure: boolean;
}

export type CronSchedule = ScheduleOptions & { type: 'cron'; expression: string; fields: CronFields };
export type DateSchedule = ScheduleOptions & { type: 'date'; runAt: Date };
export type IntervalSchedule = ScheduleOptions & { type: 'interval'; everySeconds: number };
export type ManualSchedule = ScheduleOptions & { type: 'manual' };

/** A config's schedule, checked and normalised: everything else in this room works on this. */
export type Schedule = CronSchedule | DateSchedule | IntervalSchedule | ManualSchedule;

/** What the schedule says, in one line: cron text, run date or interval. */
export function scheduleText(schedule: Schedule): string {
  switch (schedule.type) {
    case 'cron':
      return schedule.expression;
    case 'date':
      return schedule.runAt.toISOString();
    case 'interval':
      return `every ${schedule.everySeconds} s`;
    case 'manual':
      return 'manual';
  }
}

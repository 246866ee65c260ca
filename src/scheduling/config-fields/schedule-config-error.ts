export interface ScheduleIssue {
  /** Inside `schedule_config`. */
  path: (string | number)[];
  message: string;
  input: unknown;
}

/** A `schedule_config` that cannot be scheduled, with all its faults. */
export class ScheduleConfigError extends Error {
  constructor(readonly issues: ScheduleIssue[]) {
    super(issues.map((issue) => [...issue.path, issue.message].join(': ')).join('; '));
    this.name = 'ScheduleConfigError';
  }
}

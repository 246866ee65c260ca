export interface ScheduleIssue {
  /** Inside `schedule_config`. */
  path: (string | number)[];
  message: string;
  input: unknown;
}

/** A `schedule_config` that cannot be scheduled, with all its faults. */
export class ScheduleConfigError extends Error {
  override readonly name = 'ScheduleConfigError';
  readonly code = 'invalid_schedule_config';

  constructor(readonly issues: ScheduleIssue[]) {
    super(issues.map((issue) => [...issue.path, issue.message].join(': ')).join('; '));
  }
}

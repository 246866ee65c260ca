import type { ScheduleSpec } from '@temporalio/client';
import type { CommonOptions } from '../config-fields/common-options';
import type { FieldReader } from '../config-fields/field-reader';
import type { PreviewWarning } from './preview-warning';

/** A checked, normalised `schedule_config`. What a scheduler type adds to it is known to that type alone. */
export interface Schedule extends CommonOptions {
  /** The name of its scheduler type. */
  readonly type: string;
}

/** The times in Temporal's form, without the common options. */
export interface TemporalTimes extends Pick<ScheduleSpec, 'calendars' | 'intervals' | 'timezone'> {
  /** How often the schedule may fire; undefined means without limit. */
  remainingActions?: number;
  /** Until when these times are right: they have to be made anew before. Undefined means for good. */
  rightUntil?: Date;
}

/** How schedules of one type are written, when they fire, and how they translate for Temporal. */
export interface SchedulerType<Own extends Schedule = Schedule> {
  /** The API's name for it: cron. Ten characters at most. */
  readonly name: Own['type'];
  /** Its own fields in a `schedule_config`. */
  readonly fields: readonly string[];
  /** The same in words, for the API's documentation; undefined when it has none. */
  readonly configFields?: string;
  /** How often a schedule fires by itself. One that never does has no schedule in Temporal. */
  readonly fires: 'never' | 'once' | 'repeatedly';
  /** Temporal reads its times by the clocks of its zone, and they are right for a while only (`rightUntil`). */
  readonly readsClocks?: true;
  /**
   * Reads and checks the type's own fields, and reports each fault with `fields.fail`; undefined when there was one.
   * With `now`, a time that has passed is a fault; a stored config is read without it.
   */
  readRule(fields: FieldReader, context: { timezone: string; now?: Date }): Omit<Own, keyof Schedule> | undefined;
  /** Fields that answers show beside the stored ones. */
  answeredFields?(schedule: Own): Record<string, unknown>;
  /** An edit without the answered fields that it sends back. */
  settleEdit?(sent: Record<string, unknown>, stored: Record<string, unknown>): Record<string, unknown>;
  /** The rule in one line: cron text, date or interval. */
  describe(schedule: Own): string;
  /**
   * The first fire time after `afterMs`, both in epoch milliseconds; null when there is none. Jitter, `start_at` and
   * `end_at` are not considered: fireTimes applies them for all types.
   */
  nextFireMs(schedule: Own, afterMs: number): number | null;
  /** What holds from `now` on. Null for a type that never fires. */
  toTemporal(schedule: Own, now: Date): TemporalTimes | null;
  /** Why the rule can never fire again, in words; null when it may. `end_at` is checked for all types. */
  findExpiry?(schedule: Own, now: Date): string | null;
  /** What may surprise users about the times of this type; `lastShown` is the last of the runs that they see. */
  findWarnings?(schedule: Own, now: Date, lastShown: Date | undefined): PreviewWarning[];
}

import { z } from 'zod';
import type { FieldReader } from '../../config-fields/field-reader';
import type { CronFields } from './cron-fields';

const GAP_POLICIES = ['skip', 'shift'] as const;
const OVERLAP_POLICIES = ['first', 'second', 'both'] as const;

/** What becomes of a run whose wall time the clocks skip or repeat. */
export interface ClockPolicy {
  /** `shift`: it starts at the first moment after the gap. */
  dstGap: (typeof GAP_POLICIES)[number];
  dstOverlap: (typeof OVERLAP_POLICIES)[number];
}

/** The options of {@link readClockPolicy}. */
export const CLOCK_OPTIONS = ['dst_gap', 'dst_overlap'] as const;

export const readClockPolicy = (fields: FieldReader): ClockPolicy => ({
  dstGap: fields.readOr('dst_gap', z.enum(GAP_POLICIES), 'skip'),
  dstOverlap: fields.readOr('dst_overlap', z.enum(OVERLAP_POLICIES), 'first'),
});

/** Runs at every instant whose wall time matches. */
const ELAPSED_TIME: ClockPolicy = { dstGap: 'skip', dstOverlap: 'both' };

/** A schedule of every hour counts elapsed time: an hour that is skipped or repeated does not change its rhythm. */
export const isElapsedTime = ({ hour }: CronFields) => hour.length === 24;

/** The policy that applies to a schedule: its own, unless it counts elapsed time. */
export const policyOf = ({ fields, dstGap, dstOverlap }: ClockPolicy & { fields: CronFields }): ClockPolicy =>
  isElapsedTime(fields) ? ELAPSED_TIME : { dstGap, dstOverlap };

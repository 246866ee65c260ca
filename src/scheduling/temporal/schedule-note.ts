import { rulesVersion } from '../../time-zones/zone-rules';

/** What the note of a Temporal schedule says of a schedule that Taskloom wrote. */
export interface ScheduleNote {
  /** Of the config that it was made from. */
  revision: number;
  /** Until when its times are right; undefined means for good, or that an older version wrote it. */
  rightUntil?: Date;
  /** The release of the time zone database by which its times are right. */
  zoneRules?: string;
}

const NOTE = /^taskloom r(\d+)(?:, times until (\d{4}-\d{2}-\d{2}) by time zones (\w+))?$/;

/** Such as "taskloom r12, times until 2028-03-26 by time zones 2026f". */
export function noteOf({ revision, rightUntil }: { revision: number; rightUntil?: Date }): string {
  const until = rightUntil && `, times until ${rightUntil.toISOString().slice(0, 10)} by time zones ${rulesVersion}`;
  return `taskloom r${revision}${until ?? ''}`;
}

/** Null for a note that Taskloom did not write: an operator in the Web UI did, or Temporal's pause on failure. */
export function readNote(note: string | undefined): ScheduleNote | null {
  const [, revision, rightUntil, zoneRules] = NOTE.exec(note ?? '') ?? [];
  if (revision === undefined) return null;
  return { revision: Number(revision), ...(rightUntil && { rightUntil: new Date(rightUntil), zoneRules }) };
}

export const isForeignNote = (note: string | undefined) => readNote(note) === null;

/** The note of a Temporal schedule says that we wrote it, and from which revision of the config. */
export const noteOf = (revision: number) => `taskloom r${revision}`;

/** Null for a note that Taskloom did not write: an operator in the Web UI did, or Temporal's pause on failure. */
export function revisionOf(note: string | undefined): number | null {
  const digits = /^taskloom r(\d+)$/.exec(note ?? '')?.[1];
  return digits === undefined ? null : Number(digits);
}

export const isForeignNote = (note: string | undefined) => revisionOf(note) === null;

/**
 * What started a run. `reset`: a reset in Temporal of an earlier run. `backfill`: a backfill of its schedule in
 * Temporal. `temporal`: anything else that somebody started in Temporal itself (a schedule's Trigger, a workflow).
 */
export const TRIGGERS = ['schedule', 'manual', 'by_type', 'batch', 'retry', 'reset', 'backfill', 'temporal'] as const;
export type TriggeredBy = (typeof TRIGGERS)[number];

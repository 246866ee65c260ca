import { DAY_MS, HOUR_MS } from '../../../shared/durations';

export const hoursAgo = (hours: number): Date => new Date(Date.now() - hours * HOUR_MS);
export const daysAgo = (days: number): Date => new Date(Date.now() - days * DAY_MS);

/** Cuts PostgreSQL's ISO text with microseconds to milliseconds, which is the form of all answers. */
export const toMilliseconds = (instant: string): string => `${instant.slice(0, 23)}Z`;

/** A protobuf timestamp, as Temporal gives it. */
export const fromTimestamp = ({ seconds, nanos }: { seconds?: unknown; nanos?: number | null }): Date =>
  new Date(Number(seconds) * 1_000 + (nanos ?? 0) / 1e6);

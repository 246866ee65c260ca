const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

export const hoursAgo = (hours: number): Date => new Date(Date.now() - hours * HOUR_MS);
export const daysAgo = (days: number): Date => new Date(Date.now() - days * DAY_MS);

/** Cuts PostgreSQL's ISO text with microseconds to milliseconds, which is the form of all answers. */
export const toMilliseconds = (instant: string): string => `${instant.slice(0, 23)}Z`;

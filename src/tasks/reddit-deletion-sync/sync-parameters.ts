import { z } from 'zod';
import { plainNames, subreddit } from '../reddit-scrape/subreddit-names';
import { DAY_MS } from '../../shared/durations';

export const syncParameters = z
  .strictObject({
    subreddits: z
      .array(subreddit)
      .max(1_000)
      .overwrite(plainNames)
      .default([])
      .describe('Empty: every subreddit with stored content'),
    min_age_days: z
      .number()
      .min(0)
      .max(36_500)
      .default(0)
      .describe('Only what was written at least this many days ago'),
    max_age_days: z
      .number()
      .positive()
      .max(36_500)
      .default(30)
      .describe('Only what was written in the last this many days'),
    limit: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(10_000)
      .describe('Posts and comments a run checks at most, the longest unchecked first; a hundred cost one request'),
  })
  .refine(({ min_age_days: least, max_age_days: most }) => least < most, {
    path: ['min_age_days'],
    message: 'must be less than max_age_days',
  });
export type SyncParameters = z.infer<typeof syncParameters>;

/** The stored content that a run which starts at `startedAt` has to check. */
export function scopeOf({ subreddits, min_age_days: least, max_age_days: most }: SyncParameters, startedAt: Date) {
  const daysAgo = (days: number) => new Date(startedAt.getTime() - days * DAY_MS);
  // A day into the future, because Reddit's clock may be ahead.
  return { subreddits, since: daysAgo(most), until: daysAgo(least > 0 ? least : -1) };
}

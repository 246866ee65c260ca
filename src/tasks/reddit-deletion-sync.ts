import { withPlainNames } from './reddit-scrape/subreddit-names';
import { defineTaskType } from './task-type';
import { checkBatch, IDS_A_REQUEST, type WithheldSubreddits } from './reddit-deletion-sync/sync-batch';
import { estimateSync } from './reddit-deletion-sync/sync-estimate';
import { scopeOf, syncParameters } from './reddit-deletion-sync/sync-parameters';

/**
 * Where a run stands is in the rows themselves: what it has checked is not due again before the next run. So an attempt
 * goes on where the one before it stopped, and its counts are kept with the rows.
 */
export const redditDeletionSync = defineTaskType({
  name: 'REDDIT_DELETION_SYNC',
  summary:
    'Asks Reddit for stored posts and comments again, takes the text and author from those that were deleted or ' +
    'removed there, and follows edits',
  parameters: syncParameters,
  toStored: withPlainNames,
  examples: {
    accepted: [
      { subreddits: ['typescript'], max_age_days: 7, limit: 1_000 },
      {},
      { subreddits: [] },
      { subreddits: ['r/name'], min_age_days: 0.5, max_age_days: 1.5, limit: 1_000_000 },
    ],
    refused: [
      { parameters: { subreddits: ['r/'] }, at: 'subreddits.0' },
      { parameters: { max_age_days: 0 }, at: ['max_age_days', 'min_age_days'] },
      { parameters: { min_age_days: -1 }, at: 'min_age_days' },
      { parameters: { limit: 0 }, at: 'limit' },
      { parameters: { days: 3 }, at: 'days' },
      { parameters: { min_age_days: 30, max_age_days: 30 }, at: 'min_age_days', isBeyondJsonSchema: true },
    ],
  },
  estimate: estimateSync,
  async run(context, parameters) {
    const { signal, startedAt, executionId } = context;
    const { reddit, deletions } = context.services;
    const scope = { ...scopeOf(parameters, startedAt), isSandbox: reddit.isSandbox };
    const withheldSubreddits: WithheldSubreddits = new Map();
    let counts = await deletions.countsOf(executionId);
    while (counts.checked < parameters.limit) {
      signal.throwIfAborted();
      const due = await deletions.listDue(scope, {
        runStartedAt: startedAt,
        limit: Math.min(IDS_A_REQUEST, parameters.limit - counts.checked),
      });
      if (due.length === 0) break;
      const sentBefore = reddit.requestsSent();
      const checks = await checkBatch(reddit, due, withheldSubreddits, signal);
      counts = await deletions.record(executionId, {
        runStartedAt: startedAt,
        checks,
        requests: reddit.requestsSent() - sentBefore,
      });
      context.saveCursor(counts);
    }
    const { checked, deleted, removed, restored, edited, unreadable, withheld, requests } = counts;
    return {
      config_id: context.configId,
      source: reddit.isSandbox ? 'sandbox' : 'reddit',
      checked,
      deleted,
      removed,
      restored,
      edited,
      unreadable,
      withheld,
      unchanged: checked - deleted - removed - restored - edited - unreadable - withheld,
      requests,
      limit_reached: checked >= parameters.limit,
      withheld_subreddits: await deletions.listWithheld(executionId),
      without_content: await deletions.withoutContent(parameters.subreddits, reddit.isSandbox),
    };
  },
});

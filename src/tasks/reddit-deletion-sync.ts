import { defineTaskType } from './task-type';
import { checkBatch, IDS_A_REQUEST } from './reddit-deletion-sync/sync-batch';
import { syncParameters } from './reddit-deletion-sync/sync-parameters';

const DAY_MS = 86_400_000;

/**
 * Where a run stands is in the rows themselves: what it has checked is not due again before the next run. So an attempt
 * goes on where the one before it stopped, and its counts are kept with the rows.
 */
export const redditDeletionSync = defineTaskType({
  name: 'REDDIT_DELETION_SYNC',
  summary: 'Asks Reddit for stored posts and comments again, and takes the text and author from those that were deleted or removed there',
  parameters: syncParameters,
  async run(context, parameters) {
    const { signal, startedAt, executionId } = context;
    const { reddit, deletions } = context.services;
    const daysAgo = (days: number) => new Date(startedAt.getTime() - days * DAY_MS);
    // What is younger than the run was just seen; with a clock behind Reddit's it would seem to come from the future.
    const until = parameters.min_age_days > 0 ? daysAgo(parameters.min_age_days) : daysAgo(-1);
    const scope = { subreddits: parameters.subreddits, isSandbox: reddit.isSandbox, since: daysAgo(parameters.max_age_days), until };
    let counts = await deletions.countsOf(executionId);
    while (counts.checked < parameters.limit) {
      signal.throwIfAborted();
      const due = await deletions.listDue(scope, { runStartedAt: startedAt, limit: Math.min(IDS_A_REQUEST, parameters.limit - counts.checked) });
      if (due.length === 0) break;
      const sentBefore = reddit.requestsSent();
      const checks = await checkBatch(reddit, due, signal);
      counts = await deletions.record(executionId, { runStartedAt: startedAt, checks, requests: reddit.requestsSent() - sentBefore });
      context.saveCursor(counts);
    }
    const { checked, deleted, removed, restored, unreadable, requests } = counts;
    return {
      config_id: context.configId, source: reddit.isSandbox ? 'sandbox' : 'reddit',
      checked, deleted, removed, restored, unreadable, unchanged: checked - deleted - removed - restored - unreadable, requests,
      limit_reached: checked >= parameters.limit,
    };
  },
});

import { setCurrentDetails } from '@temporalio/workflow';
import type { RunPlan, ScrapeProgress } from '../activities/run-request';

/** What Temporal's Web UI shows as the current details of a workflow (Markdown). It adds nothing to the history. */
const show = (lines: string[]) => setCurrentDetails(lines.join('\n'));

export function showPlan({ executionId, taskType, startedAt, timeoutSeconds, workflow }: RunPlan): void {
  show([
    `Execution ${executionId}: **${taskType}**, at work since ${startedAt}`,
    '',
    timeoutSeconds === null ? '- No time limit' : `- Time limit: ${timeoutSeconds} s for all attempts together`,
    workflow === undefined
      ? '- Progress: the last heartbeat of the pending activity'
      : '- Progress: the current details of its child workflow',
  ]);
}

export function showRetry(executionId: number, waitMs: number): void {
  const at = new Date(Date.now() + waitMs).toISOString();
  show([`Execution ${executionId}: an attempt has failed, the next begins at ${at}`]);
}

export function showEnd(executionId: number, status: string): void {
  show([`Execution ${executionId}: **${status}**`]);
}

export function showScrape({ phase, subreddits }: ScrapeProgress): void {
  show([
    `Phase: **${phase}**`,
    '',
    '| subreddit | state | posts | threads | comments |',
    '|---|---|---|---|---|',
    ...subreddits.map(
      ({ name, state, posts, threads_done: done, threads_total: total, comments }) =>
        `| r/${name} | ${state} | ${posts} | ${done} of ${total} | ${comments} |`,
    ),
  ]);
}

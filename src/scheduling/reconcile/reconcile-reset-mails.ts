import { resetMailWorkflowId, type ResetMails } from '../temporal/reset-mails';
import { chunk } from '../../shared/chunk';
import type { WorkflowClient } from '@temporalio/client';
import type { PasswordResetRepository } from '../../storage/accounts/password-reset-repository';

export interface ResetMailRepairs {
  resetMailsStarted: number;
}

export interface ResetMailReconcilerDeps {
  resets: Pick<PasswordResetRepository, 'listUnmailed'>;
  resetMails: ResetMails;
  workflowClient: WorkflowClient;
  graceMs?: number;
}

/** For younger resets the API is still about to start the workflow. */
const GRACE_MS = 10_000;
const ROWS_PER_PAGE = 500;
const IDS_PER_QUERY = 100;
const STARTS_AT_ONCE = 20;

/** Starts the mail workflow of resets that have none, because Temporal was away or the API died at their request. */
export function createResetMailReconciler({
  resets,
  resetMails,
  workflowClient,
  graceMs = GRACE_MS,
}: ResetMailReconcilerDeps) {
  async function findRunning(resetIds: string[]): Promise<Set<string>> {
    const workflowIds = resetIds.map((id) => JSON.stringify(resetMailWorkflowId(id))).join(',');
    const query = `ExecutionStatus = 'Running' AND WorkflowId IN (${workflowIds})`;
    const found = new Set<string>();
    for await (const { workflowId } of workflowClient.list({ query })) found.add(workflowId);
    return found;
  }

  return async function reconcileResetMails(): Promise<ResetMailRepairs> {
    let resetMailsStarted = 0;
    for (let afterId: number | undefined = 0; afterId !== undefined;) {
      const rows: { id: number; publicId: string }[] = await resets.listUnmailed({
        createdBefore: new Date(Date.now() - graceMs),
        limit: ROWS_PER_PAGE,
        afterId,
      });
      for (const resetIds of chunk(
        rows.map(({ publicId }) => publicId),
        IDS_PER_QUERY,
      )) {
        const running = await findRunning(resetIds);
        const idle = resetIds.filter((resetId) => !running.has(resetMailWorkflowId(resetId)));
        for (const some of chunk(idle, STARTS_AT_ONCE))
          resetMailsStarted += (await Promise.all(some.map((resetId) => resetMails.start(resetId)))).filter(
            Boolean,
          ).length;
      }
      afterId = rows.length === ROWS_PER_PAGE ? rows.at(-1)?.id : undefined;
    }
    return { resetMailsStarted };
  };
}

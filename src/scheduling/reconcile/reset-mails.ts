import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import type * as workflows from '../../workflows';

const WORKFLOW = 'mailPasswordReset' satisfies keyof typeof workflows;
/** What Temporal does not take in this time, reconcile starts later. */
const START_WITHIN_MS = 5_000;

export const resetMailWorkflowId = (resetId: string) => `password-reset-${resetId}`;

export type ResetMails = ReturnType<typeof createResetMails>;

/** Starts the workflow that mails a reset's link. The id is the reset's: there is never a second one at work. */
export function createResetMails({ client, taskQueue }: { client: Client; taskQueue: string }) {
  return {
    /** True when it was not running already. */
    async start(resetId: string): Promise<boolean> {
      try {
        await client.withDeadline(Date.now() + START_WITHIN_MS, () =>
          client.workflow.start<typeof workflows.mailPasswordReset>(WORKFLOW, {
            workflowId: resetMailWorkflowId(resetId),
            taskQueue,
            args: [resetId],
            staticSummary: 'Mails the link of a password reset',
            priority: { priorityKey: 1 },
          }),
        );
        return true;
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
        throw error;
      }
    },
  };
}

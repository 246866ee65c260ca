import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import type * as workflows from '../../workflows';

const WORKFLOW = 'mailPasswordReset' satisfies keyof typeof workflows;
/** The deadline of a start. Reconcile repeats starts that miss it. */
const START_WITHIN_MS = 5_000;

export const resetMailWorkflowId = (resetId: string) => `password-reset-${resetId}`;

export type ResetMails = ReturnType<typeof createResetMails>;

/**
 * Starts the workflow that mails a reset's link. Its id contains the reset's id, so each reset has one at most. It is
 * in this room, because both the API and reconcile start it.
 */
export function createResetMails({ client, taskQueue }: { client: Client; taskQueue: string }) {
  return {
    /** Returns false when the workflow is already running. */
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

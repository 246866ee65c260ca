import { randomUUID } from 'node:crypto';
import { waitFor } from './process';
import type { Client } from '@temporalio/client';

interface Run {
  workflowId: string;
  runId: string;
}

/** What operators do in Temporal itself: its Web UI and CLI make these same calls. */
export function createOperator(client: Client) {
  const { workflowService, options } = client;
  const { namespace } = options;

  /** The end of a workflow task: where a reset may begin. */
  async function eventOf({ workflowId, runId }: Run, which: 'first' | 'last'): Promise<number> {
    const handle = client.workflow.getHandle(workflowId, runId);
    const event = await waitFor(async () => {
      const { events } = await handle.fetchHistory();
      const ends = (events ?? []).filter((one) => one.workflowTaskCompletedEventAttributes);
      return which === 'first' ? ends[0] : ends.at(-1);
    });
    return Number(event.eventId);
  }

  return {
    /** `temporal workflow reset --type FirstWorkflowTask|LastWorkflowTask`. Returns the id of the new run. */
    async reset(run: Run, which: 'first' | 'last'): Promise<string> {
      const { runId } = await workflowService.resetWorkflowExecution({
        namespace,
        workflowExecution: run,
        reason: 'by an operator',
        workflowTaskFinishEventId: (await eventOf(run, which)) as never,
        requestId: randomUUID(),
      });
      return runId ?? '';
    },

    /** The reset of a batch operation. */
    async resetMany(runs: Run[], which: 'first' | 'last'): Promise<void> {
      await workflowService.startBatchOperation({
        namespace,
        jobId: randomUUID(),
        reason: 'by an operator',
        executions: runs,
        resetOperation: { options: which === 'first' ? { firstWorkflowTask: {} } : { lastWorkflowTask: {} } },
      });
    },
  };
}

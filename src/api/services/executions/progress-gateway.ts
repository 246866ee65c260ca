import { defaultPayloadConverter } from '@temporalio/common';
import { fromTimestamp } from '../common/times';
import { childWorkflowIdOf } from './run-ids';
import type { Client } from '@temporalio/client';
import type { ScrapeProgress } from '../../../workflows';

/** A query is answered by a worker; without a worker it would wait. */
const ANSWER_WITHIN_MS = 2_000;

export interface Heartbeat {
  details: unknown;
  at: Date;
}

export type ProgressGateway = ReturnType<typeof createProgressGateway>;

/** Asks Temporal for the progress of running work. Undefined or empty when there is no answer in time; never throws. */
export function createProgressGateway({ client }: { client: Client }) {
  const answerInTime = async <Answer>(ask: () => Promise<Answer>): Promise<Answer | undefined> =>
    client.withDeadline(Date.now() + ANSWER_WITHIN_MS, ask).catch(() => undefined);

  return {
    queryScrape: (workflowId: string) =>
      answerInTime(() => client.workflow.getHandle(childWorkflowIdOf(workflowId)).query<ScrapeProgress>('progress')),

    /** The newest heartbeat of each pending activity. */
    async heartbeats(workflowId: string, runId?: string): Promise<Heartbeat[]> {
      const description = await answerInTime(() => client.workflow.getHandle(workflowId, runId).describe());
      return (description?.raw.pendingActivities ?? []).flatMap(({ heartbeatDetails, lastHeartbeatTime }) => {
        const [payload] = heartbeatDetails?.payloads ?? [];
        if (!payload || !lastHeartbeatTime) return [];
        return [
          {
            details: defaultPayloadConverter.fromPayload(payload),
            at: fromTimestamp(lastHeartbeatTime),
          },
        ];
      });
    },
  };
}

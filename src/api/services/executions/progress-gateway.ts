import { defaultPayloadConverter } from '@temporalio/common';
import { childWorkflowIdOf } from './run-ids';
import type { Client } from '@temporalio/client';
import type { ScrapeProgress } from '../../../workflows';

/** A query needs a worker: without one it would wait. */
const ANSWER_WITHIN_MS = 2_000;

export interface Heartbeat {
  details: unknown;
  at: Date;
}

export type ProgressGateway = ReturnType<typeof createProgressGateway>;

/** What Temporal says of the work in progress. Neither waits long, nor fails. */
export function createProgressGateway({ client }: { client: Client }) {
  const soon = async <Answer>(ask: () => Promise<Answer>): Promise<Answer | undefined> =>
    client.withDeadline(Date.now() + ANSWER_WITHIN_MS, ask).catch(() => undefined);

  return {
    queryScrape: (workflowId: string) =>
      soon(() => client.workflow.getHandle(childWorkflowIdOf(workflowId)).query<ScrapeProgress>('progress')),

    /** The newest sign of life of each activity at work. */
    async heartbeats(workflowId: string, runId?: string): Promise<Heartbeat[]> {
      const description = await soon(() => client.workflow.getHandle(workflowId, runId).describe());
      return (description?.raw.pendingActivities ?? []).flatMap(({ heartbeatDetails, lastHeartbeatTime }) => {
        const [payload] = heartbeatDetails?.payloads ?? [];
        if (!payload || !lastHeartbeatTime) return [];
        return [
          {
            details: defaultPayloadConverter.fromPayload(payload),
            at: new Date(Number(lastHeartbeatTime.seconds) * 1_000 + (lastHeartbeatTime.nanos ?? 0) / 1e6),
          },
        ];
      });
    },
  };
}

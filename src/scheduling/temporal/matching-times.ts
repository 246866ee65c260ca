import { msToTs, tsToDate } from '@temporalio/common/lib/time';
import { isGrpcServiceError, type ScheduleClient } from '@temporalio/client';

/** Temporal answers no more than this at once. */
const PAGE_LENGTH = 1_000;
// google.rpc.Code
const NOT_FOUND = 5;

/** When Temporal's server would fire the schedule between two instants, paused or not, with its jitter. */
export async function matchingTimes(
  client: ScheduleClient,
  scheduleId: string,
  { after, until, atMost = Infinity }: { after: Date; until: Date; atMost?: number },
): Promise<Date[]> {
  const times: Date[] = [];
  for (;;) {
    const page = await pageOfTimes(client, scheduleId, times.at(-1) ?? after, until);
    times.push(...page);
    if (page.length < PAGE_LENGTH || times.length >= atMost) return times.slice(0, atMost);
  }
}

/** Empty when there is no such schedule. */
async function pageOfTimes(client: ScheduleClient, scheduleId: string, after: Date, until: Date): Promise<Date[]> {
  try {
    const { startTime = [] } = await client.workflowService.listScheduleMatchingTimes({
      namespace: client.options.namespace,
      scheduleId,
      startTime: msToTs(after.getTime()),
      endTime: msToTs(until.getTime()),
    });
    return startTime.map((time) => tsToDate(time));
  } catch (error) {
    if (isGrpcServiceError(error) && (error.code as number) === NOT_FOUND) return [];
    throw error;
  }
}

import { workflowInfo } from '@temporalio/workflow';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import type { RunStart } from '../activities/run-request';

/** Temporal sets the first two on workflows that a schedule starts. */
const SCHEDULE_ID = defineSearchAttributeKey('TemporalScheduledById', SearchAttributeType.KEYWORD);
const SCHEDULED_AT = defineSearchAttributeKey('TemporalScheduledStartTime', SearchAttributeType.DATETIME);
const TASK_CONFIG_ID = defineSearchAttributeKey('TaskConfigId', SearchAttributeType.INT);

/** How Temporal began this run, whatever its input says. */
export function runStart(): RunStart {
  const { firstExecutionRunId, startTime, parent, memo, typedSearchAttributes } = workflowInfo();
  const configName = memo?.['configName'];
  return {
    firstRunId: firstExecutionRunId,
    startedAt: startTime.toISOString(),
    isChild: parent !== undefined,
    scheduleId: typedSearchAttributes.get(SCHEDULE_ID),
    scheduledAt: typedSearchAttributes.get(SCHEDULED_AT)?.toISOString(),
    configId: typedSearchAttributes.get(TASK_CONFIG_ID),
    configName: typeof configName === 'string' ? configName : undefined,
  };
}

import { defineSearchAttributeKey, SearchAttributeType, TypedSearchAttributes } from '@temporalio/common';
import { TRIGGERS } from '../../shared/triggers';
import type { SEARCH_ATTRIBUTES } from '../../platform/temporal';
import type { TriggeredBy } from '../../storage/executions/task-execution';

type Name = keyof typeof SEARCH_ATTRIBUTES;

const TASK_CONFIG_ID = defineSearchAttributeKey('TaskConfigId' satisfies Name, SearchAttributeType.INT);
const TASK_TYPE = defineSearchAttributeKey('TaskType' satisfies Name, SearchAttributeType.KEYWORD);
const TRIGGERED_BY = defineSearchAttributeKey('TriggeredBy' satisfies Name, SearchAttributeType.KEYWORD);

/** What a workflow that runs tasks can be found by in Temporal. A batch has neither one config nor one task type. */
export interface RunSearchAttributes {
  triggeredBy: TriggeredBy;
  taskType?: string;
  configId: number | null;
}

export function toRunSearchAttributes(run: RunSearchAttributes): TypedSearchAttributes {
  return new TypedSearchAttributes([
    { key: TRIGGERED_BY, value: run.triggeredBy },
    ...(run.taskType === undefined ? [] : [{ key: TASK_TYPE, value: run.taskType }]),
    ...(run.configId === null ? [] : [{ key: TASK_CONFIG_ID, value: run.configId }]),
  ]);
}

/**
 * The attributes of a workflow that Temporal lists. Anybody may have written them: an unknown trigger counts as
 * somebody's in Temporal.
 */
export function readRunSearchAttributes(attributes: TypedSearchAttributes): RunSearchAttributes {
  const written = attributes.get(TRIGGERED_BY);
  return {
    triggeredBy: TRIGGERS.find((trigger) => trigger === written) ?? 'temporal',
    taskType: attributes.get(TASK_TYPE),
    configId: attributes.get(TASK_CONFIG_ID) ?? null,
  };
}

/** What a schedule is listed by. */
export const toScheduleSearchAttributes = (configId: number) =>
  new TypedSearchAttributes([{ key: TASK_CONFIG_ID, value: configId }]);

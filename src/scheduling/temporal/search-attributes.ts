import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import type { SEARCH_ATTRIBUTES } from '../../platform/temporal';

type Name = keyof typeof SEARCH_ATTRIBUTES;

export const TASK_CONFIG_ID = defineSearchAttributeKey('TaskConfigId' satisfies Name, SearchAttributeType.INT);
export const TASK_TYPE = defineSearchAttributeKey('TaskType' satisfies Name, SearchAttributeType.KEYWORD);
export const TRIGGERED_BY = defineSearchAttributeKey('TriggeredBy' satisfies Name, SearchAttributeType.KEYWORD);

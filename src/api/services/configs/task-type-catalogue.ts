import { z } from 'zod';
import { taskTypes } from '../../../tasks/registry';
import { configLimits } from '../../schemas/config-schemas';
import type { TaskType } from '../../../tasks/task-type';
import type { TaskTypeList } from '../../schemas/system-schemas';

/** As far as it is read here and by the task type reference. */
export interface JsonSchema {
  type?: string;
  format?: string;
  enum?: unknown[];
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  items?: JsonSchema;
  default?: unknown;
  description?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  anyOf?: JsonSchema[];
}

/** Turns a list schema marked `isOneOrMany` into "one item, or a list of them". */
function allowSingleItem(schema: z.core.JSONSchema.BaseSchema): void {
  const { isOneOrMany, description, ...list } = schema;
  if (!isOneOrMany) return;
  for (const name of Object.keys(schema)) delete schema[name];
  Object.assign(schema, { ...(description === undefined ? {} : { description }), anyOf: [list.items, list] });
}

/** The schema of what the API accepts (`input`), before defaults and transformations. */
const schemaOf = (schema: z.ZodType) =>
  z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => allowSingleItem(jsonSchema),
  }) as JsonSchema & Record<string, unknown>;

function rangeOf(schema: JsonSchema) {
  const numbers = schema.anyOf?.[0] ?? schema;
  const aboveExclusive = numbers.exclusiveMinimum === undefined ? undefined : numbers.exclusiveMinimum + 1;
  return {
    minimum: numbers.minimum ?? aboveExclusive ?? null,
    maximum: numbers.maximum ?? null,
    default: (schema.default as number | null | undefined) ?? null,
  };
}

const limits = {
  max_retries: rangeOf(schemaOf(configLimits.max_retries)),
  timeout_seconds: rangeOf(schemaOf(configLimits.timeout_seconds)),
  priority: rangeOf(schemaOf(configLimits.priority)),
};

/** The schema with the operator's defaults: what has one need not be given. */
function withConfiguredDefaults(schema: JsonSchema & Record<string, unknown>, defaults: Record<string, unknown>) {
  const properties = Object.entries(defaults).map(([name, value]) => [
    name,
    { ...schema.properties?.[name], default: value },
  ]);
  return {
    ...schema,
    properties: { ...schema.properties, ...(Object.fromEntries(properties) as Record<string, JsonSchema>) },
    ...(schema.required ? { required: schema.required.filter((name) => !(name in defaults)) } : {}),
  };
}

function describe(taskType: TaskType): TaskTypeList['task_types'][number] {
  const parameters = withConfiguredDefaults(schemaOf(taskType.parameters), taskType.configuredDefaults?.() ?? {});
  const withDefaults = Object.entries(parameters.properties ?? {}).filter(
    ([, property]) => property.default !== undefined,
  );
  return {
    name: taskType.name,
    summary: taskType.summary,
    parameters,
    defaults: Object.fromEntries(withDefaults.map(([name, property]) => [name, property.default])),
    is_short: taskType.isShort,
    ad_hoc_access: taskType.adHocAccess,
    limits: {
      ...limits,
      timeout_seconds: { ...limits.timeout_seconds, default: taskType.defaultTimeoutSeconds ?? null },
    },
  };
}

/** The registry of task types as a web client needs it. Constant once the process has read its configuration. */
export const describeTaskTypes = (): TaskTypeList => ({
  task_types: taskTypes.map(describe),
  total: taskTypes.length,
});

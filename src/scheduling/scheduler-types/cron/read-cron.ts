import { z } from 'zod';
import { findOversizedStep, parseCronField } from './cron-field-parser';
import {
  CRON_FIELD_NAMES,
  splitCron,
  toCronFields,
  type CronFieldName,
  type CronFields,
  type CronTexts,
} from './cron-fields';
import type { FieldReader } from '../../config-fields/field-reader';

export interface CronRule {
  /** As it was written, or the five fields joined by spaces. */
  expression: string;
  fields: CronFields;
}

/** From `cron_expression`, or from the five fields by name. The expression counts where both are given. */
export function readCron(fields: FieldReader): CronRule | undefined {
  return fields.has('cron_expression') ? readExpression(fields) : readNamedFields(fields);
}

function readExpression(fields: FieldReader): CronRule | undefined {
  const expression = fields.read('cron_expression', z.string());
  if (expression === undefined) return undefined;
  const texts = splitCron(expression);
  if (typeof texts === 'string') return fields.fail('cron_expression', texts);
  return parseTexts(fields, texts, expression.trim(), () => 'cron_expression');
}

const cronText = z.union([z.string(), z.int()], 'expected a string or a whole number').transform(String);

function readNamedFields(fields: FieldReader): CronRule | undefined {
  if (!CRON_FIELD_NAMES.some((name) => fields.has(name))) {
    const names = CRON_FIELD_NAMES.join(', ');
    return fields.fail('cron_expression', `a cron schedule needs cron_expression, or all of ${names}`);
  }
  const readText = (name: CronFieldName) =>
    fields.has(name)
      ? fields.read(name, cronText)?.trim()
      : fields.fail(name, 'is missing: all five fields are needed');
  const texts = forEachField(readText);
  return texts && parseTexts(fields, texts, Object.values(texts).join(' '), (name) => name);
}

/** Faults are reported for the field of the `schedule_config` from which a text came. */
function parseTexts(
  fields: FieldReader,
  texts: CronTexts,
  expression: string,
  sourceOf: (name: CronFieldName) => string,
): CronRule | undefined {
  const values = forEachField((name) => {
    const parsed = parseCronField(name, texts[name]);
    if (typeof parsed === 'string') return fields.fail(sourceOf(name), parsed);
    const oversized = findOversizedStep(name, texts[name]);
    if (oversized !== undefined) fields.failIfNew(sourceOf(name), 'oversized_step', oversized);
    return parsed;
  });
  return values && { expression, fields: toCronFields(texts, values) };
}

/** Reads all five, so that all faults are reported; undefined when one of them is faulty. */
function forEachField<Value>(
  read: (name: CronFieldName) => Value | undefined,
): Record<CronFieldName, Value> | undefined {
  const entries = CRON_FIELD_NAMES.map((name) => [name, read(name)] as const);
  if (entries.some(([, value]) => value === undefined)) return undefined;
  return Object.fromEntries(entries) as Record<CronFieldName, Value>;
}

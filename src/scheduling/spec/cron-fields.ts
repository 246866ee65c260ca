import { CronExpressionParser } from 'cron-parser';
import type { CronFields } from './schedule';

export const CRON_FIELD_NAMES = ['minute', 'hour', 'day', 'month', 'day_of_week'] as const;
export type CronFieldName = (typeof CRON_FIELD_NAMES)[number];
export type CronTexts = Record<CronFieldName, string>;

const PARSER_FIELDS = {
  minute: 'minute',
  hour: 'hour',
  day: 'dayOfMonth',
  month: 'month',
  day_of_week: 'dayOfWeek',
} as const;

const MACROS = new Map(
  Object.entries({
    '@hourly': '0 * * * *',
    '@daily': '0 0 * * *',
    '@weekly': '0 0 * * 0',
    '@monthly': '0 0 1 * *',
    '@yearly': '0 0 1 1 *',
  }),
);

/** The five texts of an expression or macro, or why there are not five. */
export function splitCron(expression: string): CronTexts | string {
  const trimmed = expression.trim();
  if (trimmed.startsWith('@') && !MACROS.has(trimmed.toLowerCase()))
    return `unknown macro ${trimmed}; known are ${[...MACROS.keys()].join(', ')}`;
  const parts = (MACROS.get(trimmed.toLowerCase()) ?? trimmed).split(/\s+/);
  if (parts.length === 6 || parts.length === 7)
    return `a cron expression has 5 fields (minute hour day month day_of_week), not ${parts.length}: seconds and years are not supported`;
  if (parts.length !== 5 || trimmed === '')
    return `a cron expression has 5 fields (minute hour day month day_of_week), not ${trimmed === '' ? 0 : parts.length}`;
  return Object.fromEntries(CRON_FIELD_NAMES.map((name, index) => [name, parts[index]])) as CronTexts;
}

/** The values that one field matches, or why it cannot be read. */
export function parseCronField(name: CronFieldName, text: string): number[] | string {
  // cron-parser knows more than Temporal's calendars can say; names of months and days are no such signs.
  const foreign = /[LWH#?]/i.exec(name === 'month' || name === 'day_of_week' ? text.replace(/[a-z]{3}/gi, '') : text);
  if (foreign) return `${name}: "${foreign[0]}" is not supported`;
  if (!/^\S+$/.test(text)) return `${name}: one field without spaces is expected`;
  try {
    const expression = CRON_FIELD_NAMES.map((other) => (other === name ? text : '*')).join(' ');
    const values = CronExpressionParser.parse(expression).fields[PARSER_FIELDS[name]].values as number[];
    // A range such as 5-7 keeps the 7, which is Sunday too.
    return [...new Set(values.map((value) => (name === 'day_of_week' ? value % 7 : value)))].sort((a, b) => a - b);
  } catch (error) {
    return `${name}: ${(error as Error).message}`;
  }
}

const isStarred = (text: string) => text.startsWith('*');

/** crontab(5): both days restricted means either; a field that begins with a star (also as in star/2) narrows the other. */
function isEitherDay(texts: CronTexts): boolean {
  return !isStarred(texts.day) && !isStarred(texts.day_of_week);
}

export function toCronFields(texts: CronTexts, values: Record<CronFieldName, number[]>): CronFields {
  return {
    minute: values.minute,
    hour: values.hour,
    day: values.day,
    month: values.month,
    dayOfWeek: values.day_of_week,
    isEitherDay: isEitherDay(texts),
  };
}

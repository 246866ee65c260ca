export const CRON_FIELD_NAMES = ['minute', 'hour', 'day', 'month', 'day_of_week'] as const;
export type CronFieldName = (typeof CRON_FIELD_NAMES)[number];
export type CronTexts = Record<CronFieldName, string>;

/** Each field as the sorted values that it matches; Sunday is 0. A day has to match day of month and day of week. */
export interface CronCalendar {
  minute: number[];
  hour: number[];
  day: number[];
  month: number[];
  dayOfWeek: number[];
}

export interface CronFields extends CronCalendar {
  /** Both days are restricted, and neither text begins with a star: one match is enough then. */
  isEitherDay: boolean;
}

const MACROS = new Map(
  Object.entries({
    '@hourly': '0 * * * *',
    '@daily': '0 0 * * *',
    '@midnight': '0 0 * * *',
    '@weekly': '0 0 * * 0',
    '@monthly': '0 0 1 * *',
    '@yearly': '0 0 1 1 *',
    '@annually': '0 0 1 1 *',
  }),
);

function refuseMacro(macro: string): string {
  if (macro.toLowerCase() === '@reboot')
    return '@reboot is not supported, because a schedule has times: execute the config after a restart instead';
  const isEvery = macro.toLowerCase().startsWith('@every');
  const instead = isEvery ? 'an interval schedule' : `one of ${[...MACROS.keys()].join(', ')}`;
  return `the macro ${macro} is not known; use ${instead}`;
}

/** The five texts of an expression or macro; a string says why there are not five. */
export function splitCron(expression: string): CronTexts | string {
  const trimmed = expression.trim();
  if (trimmed.startsWith('@') && !MACROS.has(trimmed.toLowerCase())) return refuseMacro(trimmed);
  const parts = (MACROS.get(trimmed.toLowerCase()) ?? trimmed).split(/\s+/).filter((part) => part !== '');
  if (parts.length === 5)
    return Object.fromEntries(CRON_FIELD_NAMES.map((name, index) => [name, parts[index]])) as CronTexts;
  const hasSecondsOrYears = parts.length === 6 || parts.length === 7;
  return (
    `a cron expression has 5 fields (minute hour day month day_of_week), not ${parts.length}` +
    (hasSecondsOrYears ? ': seconds and years are not supported' : '')
  );
}

const isStarred = (text: string) => text.startsWith('*');

/**
 * crontab(5): when both day fields are restricted, a day that matches either of them fires. A field that begins with a
 * star (also as in star/2) restricts the other one instead.
 */
export function toCronFields(texts: CronTexts, values: Record<CronFieldName, number[]>): CronFields {
  return {
    minute: values.minute,
    hour: values.hour,
    day: values.day,
    month: values.month,
    dayOfWeek: values.day_of_week,
    isEitherDay: !isStarred(texts.day) && !isStarred(texts.day_of_week),
  };
}

const EVERY_DAY = Array.from({ length: 31 }, (_, index) => index + 1);
const EVERY_DAY_OF_WEEK = [0, 1, 2, 3, 4, 5, 6];

/** Two calendars for "either day", because a day of Temporal's calendars has to match both fields. */
export function toCalendars({ isEitherDay, ...calendar }: CronFields): CronCalendar[] {
  if (!isEitherDay) return [calendar];
  return [
    { ...calendar, dayOfWeek: EVERY_DAY_OF_WEEK },
    { ...calendar, day: EVERY_DAY },
  ];
}

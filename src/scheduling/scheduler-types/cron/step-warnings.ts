import { findUnevenStep, nameOfValue } from './cron-field-parser';
import { CRON_FIELD_NAMES, splitCron, type CronFieldName } from './cron-fields';
import type { PreviewWarning } from '../preview-warning';

interface Round {
  whole: string;
  unit: string;
}

const ROUNDS: Record<CronFieldName, Round> = {
  minute: { whole: 'the hour', unit: 'minute' },
  hour: { whole: 'the day', unit: 'hour' },
  day: { whole: 'a month of 31 days', unit: 'day' },
  month: { whole: 'the year', unit: 'month' },
  day_of_week: { whole: 'the week', unit: 'day' },
};

/** With more values than this, those in the middle are left out. */
const VALUES_SHOWN = 6;

/** Steps such as star/45, which do not divide their field and so begin anew after another gap. */
export function findStepWarnings({ expression }: { expression: string }): PreviewWarning[] {
  const texts = splitCron(expression);
  if (typeof texts === 'string') return [];
  return CRON_FIELD_NAMES.flatMap((name) => {
    const uneven = findUnevenStep(name, texts[name]);
    if (!uneven) return [];
    const { whole, unit } = ROUNDS[name];
    const shown = uneven.values.map((value) => show(name, value));
    const gap = `${uneven.lastGap} ${unit}${uneven.lastGap === 1 ? '' : 's'}`;
    const message =
      `${name}: ${uneven.text} does not divide ${whole}: ` +
      `it gives ${shorten(shown).join(', ')}, then ${shown[0]} after ${gap}.`;
    return [{ code: 'uneven_step' as const, message }];
  });
}

function show(name: CronFieldName, value: number): string {
  const twoDigits = String(value).padStart(2, '0');
  if (name === 'minute') return `:${twoDigits}`;
  if (name === 'hour') return `${twoDigits}h`;
  return nameOfValue(name, value) ?? String(value);
}

function shorten(texts: string[]): string[] {
  return texts.length <= VALUES_SHOWN ? texts : [...texts.slice(0, 3), '…', ...texts.slice(-1)];
}

import type { CronFieldName } from './cron-fields';

interface Field {
  least: number;
  most: number;
  /** How many different values there are. */
  size: number;
  /** Names for values, from `least` on. */
  names: readonly string[];
}

const FIELDS: Record<CronFieldName, Field> = {
  minute: { least: 0, most: 59, size: 60, names: [] },
  hour: { least: 0, most: 23, size: 24, names: [] },
  day: { least: 1, most: 31, size: 31, names: [] },
  month: {
    least: 1,
    most: 12,
    size: 12,
    names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  // 7 is Sunday, as 0 is.
  day_of_week: { least: 0, most: 7, size: 7, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
};

/** One item of a field's list, such as 10-50/5. A range that wraps around has a `last` beyond the field. */
interface Part {
  text: string;
  first: number;
  last: number;
  step: number;
  /** It runs from its first value to the end of the field, as a star does. */
  isOpen: boolean;
}

const LIST_ITEM = /^(?:(?<star>\*)|(?<first>[a-z\d]+)(?:-(?<last>[a-z\d]+))?)(?:\/(?<step>\d+))?$/i;

/** The sorted values that one field matches; a string says why it cannot be read. Sunday is 0. */
export function parseCronField(name: CronFieldName, text: string): number[] | string {
  const parts = parseParts(name, text);
  return typeof parts === 'string' ? `${name}: ${parts}` : union(name, parts);
}

/** What new schedules may not contain although stored ones may: a step that is larger than its field. */
export function findOversizedStep(name: CronFieldName, text: string): string | undefined {
  const { size } = FIELDS[name];
  const part = partsOf(name, text).find(({ step }) => step > size);
  if (!part) return undefined;
  const instead = name === 'minute' || name === 'hour' ? ', or an interval schedule' : '';
  return `${name}: the step of ${part.text} is larger than the field; use a step of ${size} at most${instead}`;
}

export interface UnevenStep {
  text: string;
  values: number[];
  /** From the last value to the first one of the next round. */
  lastGap: number;
}

/** The first step that does not divide its field, so that the gap at the end of the field is another one. */
export function findUnevenStep(name: CronFieldName, text: string): UnevenStep | undefined {
  const { size } = FIELDS[name];
  const part = partsOf(name, text).find(({ isOpen, step }) => isOpen && size % step !== 0);
  if (!part) return undefined;
  const values = union(name, [part]);
  const [first = 0] = values;
  return { text: part.text, values, lastGap: first + size - (values.at(-1) ?? first) };
}

/** The name of a month or of a day of the week; undefined for fields without names. */
export const nameOfValue = (name: CronFieldName, value: number): string | undefined =>
  FIELDS[name].names[value - FIELDS[name].least];

function partsOf(name: CronFieldName, text: string): Part[] {
  const parts = parseParts(name, text);
  return typeof parts === 'string' ? [] : parts;
}

function union(name: CronFieldName, parts: Part[]): number[] {
  const { least, size } = FIELDS[name];
  const values = new Set<number>();
  for (const { first, last, step } of parts)
    for (let value = first; value <= last; value += step) values.add(((value - least) % size) + least);
  return [...values].sort((a, b) => a - b);
}

function parseParts(name: CronFieldName, text: string): Part[] | string {
  if (!/^\S+$/.test(text)) return 'write one field without spaces';
  const parts: Part[] = [];
  for (const item of text.split(',')) {
    const part = parsePart(name, item);
    if (typeof part === 'string') return part;
    parts.push(part);
  }
  return parts;
}

function parsePart(name: CronFieldName, text: string): Part | string {
  const field = FIELDS[name];
  const groups = LIST_ITEM.exec(text)?.groups;
  if (!groups || findForeignSign(field, text) !== undefined) return refuseItem(field, text);
  const { star, last, step } = groups;
  if (Number(step) === 0) return `the step of ${text} has to be 1 or more`;
  const bounds = star === undefined ? readBounds(field, groups) : wholeOf(field);
  if (typeof bounds === 'string') return bounds;
  const isOpen = step !== undefined && (last === undefined || isWhole(field, bounds));
  return { text, ...bounds, step: Number(step ?? 1), isOpen };
}

function refuseItem(field: Field, text: string): string {
  if (text === '') return 'a list has an empty item; remove the comma';
  const sign = findForeignSign(field, text);
  const values = describeValues(field);
  if (sign !== undefined) return `"${sign}" is not supported; write ${values}`;
  return `"${text}" is not understood; write ${values}, a range such as ${exampleRange(field)}, or */2`;
}

const wholeOf = ({ least, size }: Field) => ({ first: least, last: least + size - 1 });

const isWhole = ({ least, size }: Field, { first, last }: { first: number; last: number }) =>
  first === least && last >= least + size - 1;

/** A single value with a step runs to the end of the field. */
function readBounds(
  field: Field,
  { first = '', last, step }: { first?: string; last?: string; step?: string },
): { first: number; last: number } | string {
  const from = readValue(field, first);
  const to = last === undefined ? from : readValue(field, last);
  if (typeof from === 'string') return from;
  if (typeof to === 'string') return to;
  if (last === undefined && step !== undefined) return { first: from, last: field.most };
  return { first: from, last: from > to ? to + field.size : to };
}

function readValue(field: Field, text: string): number | string {
  const index = field.names.indexOf(text.toLowerCase());
  if (index >= 0) return field.least + index;
  if (!/^\d+$/.test(text)) return `"${text}" is not known; write ${describeValues(field)}`;
  const value = Number(text);
  const isInside = value >= field.least && value <= field.most;
  return isInside ? value : `${text} is out of range; write ${describeValues(field)}`;
}

/** A sign that other schedulers know: the last day, a weekday, the nth one, any, or a hash. */
function findForeignSign({ names }: Field, text: string): string | undefined {
  const withoutNames = names.length > 0 ? text.replace(/[a-z]{3}/gi, '') : text;
  return /[LWH#?]/i.exec(withoutNames)?.[0];
}

function describeValues({ least, most, names }: Field): string {
  const numbers = `${least}-${most}`;
  return names.length > 0 ? `${numbers} or ${names[0]}-${names.at(-1)}` : numbers;
}

const exampleRange = ({ least, names }: Field) =>
  names.length > 0 ? `${names[1]}-${names[3]}` : `${least}-${least + 5}`;

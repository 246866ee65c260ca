import { DateTime } from 'luxon';
import { z } from 'zod';

const TRUE = ['true', '1', 'yes', 'on', 't', 'y'];
const FALSE = ['false', '0', 'no', 'off', 'f', 'n'];

const readInteger = (value: unknown) =>
  typeof value === 'string' && /^\s*[+-]?\d+\s*$/.test(value) ? Number(value) : value;
const readBoolean = (value: unknown) => {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string') return value;
  if (TRUE.includes(text.toLowerCase())) return true;
  return FALSE.includes(text.toLowerCase()) ? false : value;
};

/** Also accepts digits in a string: queries contain only strings, and old clients send them in bodies. */
export const integer = <Schema extends z.ZodType<number | null | undefined>>(schema: Schema) =>
  z.preprocess(readInteger, schema);
export const boolean = <Schema extends z.ZodType<boolean | null | undefined>>(schema: Schema) =>
  z.preprocess(readBoolean, schema);

/** Ids of the database are 32-bit integers. */
export const id = () => integer(z.int32());
export const idParams = z.object({ id: id() });
export const idOrTaskIdParams = z.object({
  id: z.string().min(1).max(255).describe('The id of the execution, or its task_id'),
});

/** With or without "r/" or "/r/" in front, like the parameters of scrapes. */
export const subredditName = z
  .string()
  .min(1)
  .max(100)
  .overwrite((name) => name.trim().replace(/^\/?r\//i, '') || name);

/** ISO 8601, or what a browser's date-time picker sends (`2026-11-23T09:30`); without a zone it is UTC. */
export const instant = z
  .string()
  .transform((raw, context) => {
    // A plus that was not escaped in a query arrives as a space.
    const text = raw
      .toUpperCase()
      .replace(/(?<=^\d{4}-\d{2}-\d{2}) /, 'T')
      .replace(/(?<=T\S+) (?=\d{2}:?\d{2}$)/, '+');
    const instant = DateTime.fromISO(text, { zone: 'utc' });
    if (/^\d{4}-\d{2}-\d{2}/.test(text) && instant.isValid) return instant.toJSDate();
    context.addIssue({
      code: 'invalid_format',
      format: 'datetime',
      message: 'Input should be a valid ISO 8601 date and time',
      input: raw,
    });
    return z.NEVER;
  })
  .meta({ format: 'date-time' });

/** Arguments for `refine`: refuses a period that ends before it begins, even when other fields are invalid. */
export const inOrder = <From extends string, To extends string>(
  from: From,
  to: To,
): [(query: { [Name in From | To]?: Date }) => boolean, { path: string[]; message: string; when: () => boolean }] => [
  ({ [from]: first, [to]: last }) => !(first instanceof Date && last instanceof Date) || first <= last,
  { path: [to], message: `Input should not be before ${from}`, when: () => true },
];

export const limit = (most: number, defaultValue: number) => integer(z.int().min(1).max(most).default(defaultValue));

/** Opaque: where the previous page ended. */
export const cursor = z.string().max(500).optional().describe('The X-Next-Cursor of the page before');

import { findSimilarName } from '../../scheduling/config-fields/similar-name';
import type { core } from 'zod';

export interface ValidationError {
  type: string;
  /** `body`, `query`, `path` or `header`, then the path to the value. */
  loc: (string | number)[];
  msg: string;
  input: unknown;
  ctx?: Record<string, unknown>;
}

/** `known`: the names that are allowed where one was not recognized. */
type Issue = core.$ZodIssue & { input?: unknown; known?: string[] };
/** Type and text of an error, in pydantic's terms. */
type Description = Omit<ValidationError, 'loc' | 'input'>;

const SECRET = /password|token|secret/i;
const hideSecrets = (key: string | number | undefined, value: unknown): unknown => {
  if (typeof value === 'string' && SECRET.test(String(key))) return '***';
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, hideSecrets(name, inner)]));
};

/** What a client sent is repeated as far as it helps to find it: a request may hold a megabyte in wrong fields. */
const MAX_SHOWN_LENGTH = 1_000;
function shorten(input: unknown): unknown {
  if (typeof input === 'string' && input.length > MAX_SHOWN_LENGTH) return `${input.slice(0, MAX_SHOWN_LENGTH)}…`;
  const isLarge = typeof input === 'object' && JSON.stringify(input).length > MAX_SHOWN_LENGTH;
  return isLarge ? null : input;
}

/**
 * Translates zod's issues into the error types and texts of pydantic, which the web client was written against. Values
 * of fields whose names suggest a secret are replaced by `***`.
 */
export function toValidationErrors(
  base: string | (string | number)[],
  issues: readonly core.$ZodIssue[],
  data: unknown,
): ValidationError[] {
  const baseLoc = [base].flat();
  return issues.flatMap((issue) => {
    const path = issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key));
    const loc = [...baseLoc, ...path];
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        type: 'extra_forbidden',
        loc: [...loc, key],
        msg: describeExtra(key, (issue as Issue).known),
        input: shorten((valueAt(data, path) as Record<string, unknown> | undefined)?.[key]),
      }));
    }
    const { type, msg, ctx } = describe(issue, loc);
    const input = type === 'missing' ? valueAt(data, path.slice(0, -1)) : (valueAt(data, path) ?? issue.input);
    return [
      {
        type,
        loc,
        msg,
        input: shorten(hideSecrets(path.at(-1), input)) ?? null,
        ...(ctx ? { ctx } : {}),
      },
    ];
  });
}

function describeExtra(name: string, known: string[] = []): string {
  const meant = findSimilarName(name, known);
  if (meant !== undefined) return `Extra inputs are not permitted; did you mean ${meant}?`;
  const names = known.length === 0 ? '' : `; remove it, or use one of ${known.join(', ')}`;
  return `Extra inputs are not permitted${names}`;
}

/** The value as it was sent; undefined where a schema has made a list of a single text. */
function valueAt(data: unknown, path: (string | number)[]): unknown {
  return path.reduce(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Record<string | number, unknown>)[key]
        : undefined,
    data,
  );
}

const withUnit = (count: number, unit: string) => `${count} ${unit}${count === 1 ? '' : 's'}`;
const lengthOf = (input: unknown) => (Array.isArray(input) ? input.length : 0);

function describe(issue: Issue, loc: (string | number)[]): Description {
  if ((issue.code === 'invalid_type' || issue.code === 'invalid_value') && isMissing(issue, loc))
    return { type: 'missing', msg: issue.message.startsWith('Invalid ') ? 'Field required' : issue.message };
  if (issue.code === 'invalid_type') return describeType(issue);
  if (issue.code === 'too_small') return describeTooSmall(issue, Number(issue.minimum));
  if (issue.code === 'too_big') return describeTooBig(issue, Number(issue.maximum));
  if (issue.code === 'invalid_format') return describeFormat(issue);
  if (issue.code === 'invalid_value') return describeEnum(issue.values);
  return { type: 'value_error', msg: issue.message };
}

/** A request without a body arrives as null. */
const isMissing = (issue: Issue, loc: (string | number)[]) =>
  issue.input === undefined || (loc.length === 1 && issue.input === null);

function describeTooSmall({ origin, input, inclusive }: core.$ZodIssueTooSmall, least: number): Description {
  if (origin === 'string') {
    const msg = `String should have at least ${withUnit(least, 'character')}`;
    return { type: 'string_too_short', msg, ctx: { min_length: least } };
  }
  if (origin === 'array') return describeListLength('too_short', 'least', least, lengthOf(input));
  return inclusive
    ? { type: 'greater_than_equal', msg: `Input should be greater than or equal to ${least}`, ctx: { ge: least } }
    : { type: 'greater_than', msg: `Input should be greater than ${least}`, ctx: { gt: least } };
}

function describeTooBig({ origin, input, inclusive }: core.$ZodIssueTooBig, most: number): Description {
  if (origin === 'string') {
    const msg = `String should have at most ${withUnit(most, 'character')}`;
    return { type: 'string_too_long', msg, ctx: { max_length: most } };
  }
  if (origin === 'array') return describeListLength('too_long', 'most', most, lengthOf(input));
  return inclusive
    ? { type: 'less_than_equal', msg: `Input should be less than or equal to ${most}`, ctx: { le: most } }
    : { type: 'less_than', msg: `Input should be less than ${most}`, ctx: { lt: most } };
}

function describeListLength(type: string, bound: 'least' | 'most', limit: number, actual: number): Description {
  return {
    type,
    msg: `List should have at ${bound} ${withUnit(limit, 'item')} after validation, not ${actual}`,
    ctx: {
      field_type: 'List',
      ...(bound === 'least' ? { min_length: limit } : { max_length: limit }),
      actual_length: actual,
    },
  };
}

function describeFormat(issue: core.$ZodIssueInvalidStringFormat): Description {
  if (issue.format === 'regex') {
    const pattern = String(issue.pattern).replace(/^\/|\/\w*$/g, '');
    return { type: 'string_pattern_mismatch', msg: `String should match pattern '${pattern}'`, ctx: { pattern } };
  }
  return { type: issue.format === 'datetime' ? 'datetime_parsing' : 'value_error', msg: issue.message };
}

function describeEnum(values: readonly unknown[]): Description {
  const expected = values
    .map((value) => `'${String(value)}'`)
    .join(', ')
    .replace(/, (?='[^']*'$)/, ' or ');
  return { type: 'enum', msg: `Input should be ${expected}`, ctx: { expected } };
}

function describeType(issue: core.$ZodIssueInvalidType): Description {
  const { input } = issue;
  const expected: string = issue.expected;
  const isText = typeof input === 'string';
  switch (expected) {
    case 'int':
    case 'number':
      if (typeof input === 'number')
        return { type: 'int_from_float', msg: 'Input should be a valid integer, got a number with a fractional part' };
      return isText
        ? { type: 'int_parsing', msg: 'Input should be a valid integer, unable to parse string as an integer' }
        : { type: 'int_type', msg: 'Input should be a valid integer' };
    case 'boolean':
      return isText
        ? { type: 'bool_parsing', msg: 'Input should be a valid boolean, unable to interpret input' }
        : { type: 'bool_type', msg: 'Input should be a valid boolean' };
    case 'string':
      return { type: 'string_type', msg: 'Input should be a valid string' };
    case 'array':
      return { type: 'list_type', msg: 'Input should be a valid list' };
    default:
      return { type: 'dict_type', msg: 'Input should be a valid dictionary' };
  }
}

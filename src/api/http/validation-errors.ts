import type { core } from 'zod';

export interface ValidationError {
  type: string;
  /** `body`, `query`, `path` or `header`, then the way to the value. */
  loc: (string | number)[];
  msg: string;
  input: unknown;
  ctx?: Record<string, unknown>;
}

type Issue = core.$ZodIssue & { input?: unknown };
type Fault = Omit<ValidationError, 'loc' | 'input'>;

const SECRET = /password|token|secret/i;
const hideSecrets = (key: string | number | undefined, value: unknown): unknown => {
  if (typeof value === 'string' && SECRET.test(String(key))) return '***';
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, hideSecrets(name, inner)]));
};

/** zod's issues in the contract's words (those of pydantic, which the web client was written against). */
export function toValidationErrors(
  where: string | (string | number)[],
  issues: readonly core.$ZodIssue[],
  data: unknown,
): ValidationError[] {
  const start = Array.isArray(where) ? where : [where];
  return issues.flatMap((issue) => {
    const path = issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key));
    const loc = [...start, ...path];
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        type: 'extra_forbidden',
        loc: [...loc, key],
        msg: 'Extra inputs are not permitted',
        input: (valueAt(data, path) as Record<string, unknown> | undefined)?.[key],
      }));
    }
    const fault = describe(issue, loc);
    const input = fault.type === 'missing' ? valueAt(data, path.slice(0, -1)) : (valueAt(data, path) ?? issue.input);
    return [
      {
        type: fault.type,
        loc,
        msg: fault.msg,
        input: hideSecrets(path.at(-1), input) ?? null,
        ...(fault.ctx ? { ctx: fault.ctx } : {}),
      },
    ];
  });
}

/** As it was sent; undefined where a schema has made a list of what came as one text. */
function valueAt(data: unknown, path: (string | number)[]): unknown {
  return path.reduce(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Record<string | number, unknown>)[key]
        : undefined,
    data,
  );
}

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;
const lengthOf = ({ input }: Issue) => (Array.isArray(input) ? input.length : 0);

function describe(issue: Issue, loc: (string | number)[]): Fault {
  if ((issue.code === 'invalid_type' || issue.code === 'invalid_value') && isMissing(issue, loc))
    return { type: 'missing', msg: 'Field required' };
  switch (issue.code) {
    case 'invalid_type':
      return describeType(issue);
    case 'too_small': {
      const least = Number(issue.minimum);
      if (issue.origin === 'string')
        return {
          type: 'string_too_short',
          msg: `String should have at least ${counted(least, 'character')}`,
          ctx: { min_length: least },
        };
      if (issue.origin === 'array')
        return {
          type: 'too_short',
          msg: `List should have at least ${counted(least, 'item')} after validation, not ${lengthOf(issue)}`,
          ctx: { field_type: 'List', min_length: least, actual_length: lengthOf(issue) },
        };
      return issue.inclusive
        ? { type: 'greater_than_equal', msg: `Input should be greater than or equal to ${least}`, ctx: { ge: least } }
        : { type: 'greater_than', msg: `Input should be greater than ${least}`, ctx: { gt: least } };
    }
    case 'too_big': {
      const most = Number(issue.maximum);
      if (issue.origin === 'string')
        return {
          type: 'string_too_long',
          msg: `String should have at most ${counted(most, 'character')}`,
          ctx: { max_length: most },
        };
      if (issue.origin === 'array')
        return {
          type: 'too_long',
          msg: `List should have at most ${counted(most, 'item')} after validation, not ${lengthOf(issue)}`,
          ctx: { field_type: 'List', max_length: most, actual_length: lengthOf(issue) },
        };
      return issue.inclusive
        ? { type: 'less_than_equal', msg: `Input should be less than or equal to ${most}`, ctx: { le: most } }
        : { type: 'less_than', msg: `Input should be less than ${most}`, ctx: { lt: most } };
    }
    case 'invalid_format':
      if (issue.format === 'regex') {
        const pattern = String(issue.pattern).replace(/^\/|\/\w*$/g, '');
        return { type: 'string_pattern_mismatch', msg: `String should match pattern '${pattern}'`, ctx: { pattern } };
      }
      return { type: issue.format === 'datetime' ? 'datetime_parsing' : 'value_error', msg: issue.message };
    case 'invalid_value': {
      const expected = issue.values
        .map((value) => `'${String(value)}'`)
        .join(', ')
        .replace(/, (?='[^']*'$)/, ' or ');
      return { type: 'enum', msg: `Input should be ${expected}`, ctx: { expected } };
    }
    case 'invalid_union':
    case 'invalid_key':
    case 'invalid_element':
    case 'not_multiple_of':
    case 'unrecognized_keys':
    case 'custom':
      return { type: 'value_error', msg: issue.message };
  }
}

/** No body at all arrives as null. */
const isMissing = (issue: Issue, loc: (string | number)[]) =>
  issue.input === undefined || (loc.length === 1 && issue.input === null);

function describeType(issue: core.$ZodIssueInvalidType): Fault {
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

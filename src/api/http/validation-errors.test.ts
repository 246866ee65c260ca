import { z } from 'zod';
import { toValidationErrors } from './validation-errors';

function errorsOf(schema: z.ZodType, data: unknown) {
  const parsed = schema.safeParse(data, { reportInput: true });
  return parsed.success ? [] : toValidationErrors('body', parsed.error.issues, data);
}

test.each([
  [z.string(), 5, 'string_type', undefined],
  [z.string().min(3), 'ab', 'string_too_short', { min_length: 3 }],
  [z.string().max(1), 'ab', 'string_too_long', { max_length: 1 }],
  [z.string().regex(/^x/), 'ab', 'string_pattern_mismatch', { pattern: '^x' }],
  [z.email(), 'ab', 'value_error', undefined],
  [z.int(), 'ab', 'int_parsing', undefined],
  [z.int(), 1.5, 'int_from_float', undefined],
  [z.int(), null, 'int_type', undefined],
  [z.int().positive(), 0, 'greater_than', { gt: 0 }],
  [z.int().min(1), 0, 'greater_than_equal', { ge: 1 }],
  [z.int().max(1), 2, 'less_than_equal', { le: 1 }],
  [z.number().lt(1), 1, 'less_than', { lt: 1 }],
  [z.boolean(), 'x', 'bool_parsing', undefined],
  [z.boolean(), [], 'bool_type', undefined],
  [z.enum(['a', 'b']), 'c', 'enum', { expected: "'a' or 'b'" }],
  [z.enum(['a', 'b']), undefined, 'missing', undefined],
  [z.array(z.int()).min(1), [], 'too_short', { field_type: 'List', min_length: 1, actual_length: 0 }],
  [z.array(z.int()).max(1), [1, 2], 'too_long', { field_type: 'List', max_length: 1, actual_length: 2 }],
  [z.array(z.int()), 'x', 'list_type', undefined],
  [z.record(z.string(), z.unknown()), [], 'dict_type', undefined],
  [z.union([z.int(), z.boolean()]), 'x', 'value_error', undefined],
  [z.string().refine(() => false, 'never'), 'x', 'value_error', undefined],
])('%# an error has the type that the client expects: %s', (schema, value, type, ctx) => {
  const [item, ...others] = errorsOf(z.object({ field: schema }), { field: value });
  expect(others).toEqual([]);
  expect(item).toMatchObject({
    type,
    loc: ['body', 'field'],
    msg: expect.any(String),
    ...(type === 'missing' ? {} : { input: value }),
  });
  expect(item?.ctx).toEqual(ctx);
});

test.each([
  [z.string().min(1), '', 'String should have at least 1 character'],
  [z.string().max(2), 'abc', 'String should have at most 2 characters'],
  [z.array(z.int()).min(1), [], 'List should have at least 1 item after validation, not 0'],
  [z.enum(['a', 'b', 'c']), 'x', "Input should be 'a', 'b' or 'c'"],
  [z.enum(['a']), 'x', "Input should be 'a'"],
  [z.string().regex(/^a\/b$/i), 'x', "String should match pattern '^a\\/b$'"],
  [z.record(z.string(), z.unknown()), 1, 'Input should be a valid dictionary'],
])('%# an error has the text that the client expects', (schema, value, msg) => {
  expect(errorsOf(z.object({ field: schema }), { field: value }).map((item) => item.msg)).toEqual([msg]);
});

test('each unknown key is an error of its own', () => {
  expect(
    errorsOf(z.strictObject({ a: z.int() }), { a: 1, b: 2, c: 3 }).map((item) => [item.type, item.loc, item.input]),
  ).toEqual([
    ['extra_forbidden', ['body', 'b'], 2],
    ['extra_forbidden', ['body', 'c'], 3],
  ]);
});

test('errors do not repeat secrets', () => {
  const schema = z.object({ new_password: z.string().min(8), other: z.string() });
  expect(JSON.stringify(errorsOf(schema, { new_password: 'hunter2' }))).not.toContain('hunter2');
});

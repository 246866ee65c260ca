import { z } from 'zod';
import { boolean, instant, integer } from './request-values';

const flag = z.object({ value: boolean(z.boolean().default(false)) });
const number = z.object({ value: integer(z.int().optional()) });

test.each(['true', '1', 'yes', 'ON', 'T', 'y', true, 1])('%p is true', (value) =>
  expect(flag.parse({ value }).value).toBe(true),
);
test.each(['false', '0', 'No', 'off', 'f', 'N', false, 0])('%p is false', (value) =>
  expect(flag.parse({ value }).value).toBe(false),
);
test.each(['', '2', 'ja', 2, null, ['true']])('%p is neither', (value) =>
  expect(flag.safeParse({ value }).success).toBe(false),
);
test('an omitted value has its default', () =>
  expect([flag.parse({}).value, number.parse({}).value]).toEqual([false, undefined]));

test.each([
  ['5', 5],
  ['-7', -7],
  [' 8 ', 8],
  [9, 9],
])('%p is the number %p', (value, expected) => expect(number.parse({ value }).value).toBe(expected));
test.each(['', '1.5', '0x10', '1e3', 1.5, null, 'NaN', '99999999999999999999'])('%p is not an integer', (value) =>
  expect(number.safeParse({ value }).success).toBe(false),
);

test.each([
  ['2026-11-23T09:30', '2026-11-23T09:30:00.000Z'],
  ['2026-11-23T09:30:15.123456', '2026-11-23T09:30:15.123Z'],
  ['2026-11-23T09:30:00Z', '2026-11-23T09:30:00.000Z'],
  ['2026-11-23T09:30:00+02:00', '2026-11-23T07:30:00.000Z'],
  // A plus that was not escaped in a query arrives as a space.
  ['2026-11-23T09:30:00 02:00', '2026-11-23T07:30:00.000Z'],
  ['2026-11-23 09:30', '2026-11-23T09:30:00.000Z'],
  ['2026-11-23', '2026-11-23T00:00:00.000Z'],
])('%s is %s', (text, expected) => expect(instant.parse(text).toISOString()).toBe(expected));
test.each([
  '',
  'yesterday',
  '2026',
  '1700000000',
  '2026-13-01',
  '2026-11-23T25:00',
  '2026-02-30',
  '2026-11-23 (x)',
  '2026-11-23T09:30 (x)',
])('%p is not an instant', (text) => expect(instant.safeParse(text).success).toBe(false));

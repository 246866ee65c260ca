import { faultsOf, parseAtNoon } from '../../../test/support/schedule-faults';
import { readScheduleConfig } from '../schedule/schedule-config';
import type { CronSchedule } from './cron';

const fieldsOf = (cron_expression: string) => (parseAtNoon('cron', { cron_expression }) as CronSchedule).fields;

test('a cron is an expression, or five fields of texts or numbers; the expression wins', () => {
  const expected = {
    type: 'cron',
    fields: {
      minute: [0],
      hour: [9],
      day: Array.from({ length: 31 }, (_, i) => i + 1),
      month: [1, 3],
      dayOfWeek: [1, 2, 3, 4, 5],
      isEitherDay: false,
    },
  };
  expect(parseAtNoon('cron', { cron_expression: ' 0 9  * jan,3 MON-fri ' })).toMatchObject(expected);
  expect(parseAtNoon('cron', { minute: 0, hour: '9', day: '*', month: '1,3', day_of_week: '1-5' })).toMatchObject({
    ...expected,
    expression: '0 9 * 1,3 1-5',
  });
  expect(parseAtNoon('cron', { minute: 'nonsense', hour: 9, cron_expression: '0 9 * 1,3 1-5' })).toMatchObject(
    expected,
  );
});

test('Sunday is 0 and 7, and macros such as @weekly are accepted', () => {
  const days = (dayOfWeek: string) => fieldsOf(`0 0 * * ${dayOfWeek}`).dayOfWeek;
  expect([days('7'), days('0'), days('5-7'), days('*/2'), days('6,sun')]).toEqual([
    [0],
    [0],
    [0, 5, 6],
    [0, 2, 4, 6],
    [0, 6],
  ]);
  expect(parseAtNoon('cron', { cron_expression: '@Weekly' })).toMatchObject({
    expression: '@Weekly',
    fields: { minute: [0], hour: [0], dayOfWeek: [0], isEitherDay: false },
  });
});

test('either of two restricted day fields may match, unless one begins with a star', () => {
  const either = (expression: string) => fieldsOf(expression).isEitherDay;
  expect(['0 0 13 * 5', '0 0 13 * *', '0 0 * * 5', '0 0 */2 * 5', '0 0 13 * */2', '0 0 1-31 * 5'].map(either)).toEqual([
    true,
    false,
    false,
    false,
    false,
    true,
  ]);
});

test('a cron without an expression and without all five fields is refused, with all faults at once', () => {
  expect(faultsOf('cron', {})).toEqual([expect.stringMatching(/^cron_expression: .*all of minute/)]);
  expect(faultsOf('cron', { minute: 0, hour: 1.5 })).toEqual([
    expect.stringMatching(/^hour: expected a string or a whole number/),
    ...['day', 'month', 'day_of_week'].map((name) => expect.stringMatching(`^${name}: is missing`)),
  ]);
  expect(faultsOf('cron', { cron_expression: '61 25 * 13 *' })).toHaveLength(3);
  expect(faultsOf('cron', { minute: 61, hour: 25, day: 0, month: '*', day_of_week: '1 2' })).toEqual(
    ['minute', 'hour', 'day', 'day_of_week'].map((name) => expect.stringMatching(`^${name}: `)),
  );
});

test('what becomes of runs around clock changes is an option of a cron schedule alone', () => {
  const cron = { cron_expression: '0 9 * * *' };
  expect(parseAtNoon('cron', cron)).toMatchObject({ dstGap: 'skip', dstOverlap: 'first' });
  expect(parseAtNoon('cron', { ...cron, dst_gap: 'shift', dst_overlap: 'both' })).toMatchObject({
    dstGap: 'shift',
    dstOverlap: 'both',
  });
  expect(faultsOf('cron', { ...cron, dst_gap: 'later', dst_overlap: 1 })).toEqual([
    expect.stringMatching(/^dst_gap: .*"skip"\|"shift"/),
    expect.stringMatching(/^dst_overlap: .*"first"\|"second"\|"both"/),
  ]);
  expect(readScheduleConfig('interval', { hours: 1, dst_gap: 'skip' }).warnings).toMatchObject([
    { code: 'unused_field', message: expect.stringContaining('only cron schedules use it') },
  ]);
});

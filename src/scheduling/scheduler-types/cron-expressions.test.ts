import { faultsOf, parseAtNoon } from '../../../test/support/schedule-faults';
import { parseScheduleConfig } from '../schedule/schedule-config';
import { previewSchedule } from '../schedule/schedule-preview';
import type { CronSchedule } from './cron';

const parsed = (cron_expression: string) => parseAtNoon('cron', { cron_expression }) as CronSchedule;

/** Consecutive values as ranges; a star for all of them. */
function compact(values: number[], all: number): string {
  if (values.length === all) return '*';
  const ranges: number[][] = [];
  for (const value of values) {
    const range = ranges.at(-1);
    if (range?.at(-1) === value - 1) range.push(value);
    else ranges.push([value]);
  }
  return ranges.map((range) => (range.length === 1 ? `${range[0]}` : `${range[0]}-${range.at(-1)}`)).join(',');
}

/** The values of all fields. A bar before the day of the week: either day is enough. */
function valuesOf(cron_expression: string): string {
  const { minute, hour, day, month, dayOfWeek, isEitherDay } = parsed(cron_expression).fields;
  const texts = [compact(minute, 60), compact(hour, 24), compact(day, 31), compact(month, 12)];
  return [...texts, ...(isEitherDay ? ['|'] : []), compact(dayOfWeek, 7)].join(' ');
}

// Every expression that was ever accepted stays readable, with the same values.
const ACCEPTED: [expression: string, values: string][] = [
  ['* * * * *', '* * * * *'],
  ['\t*  *\t* * *  ', '* * * * *'],
  ['0 0 * * *', '0 0 * * *'],
  ['05 007 01 01 *', '5 7 1 1 *'],
  ['59 23 31 12 *', '59 23 31 12 *'],
  ['1,2,3 * * * *', '1-3 * * * *'],
  // Unions: what overlaps or is doubled counts once.
  ['*/10,*/15 * * * *', '0,10,15,20,30,40,45,50 * * * *'],
  ['0,0,30 * * * *', '0,30 * * * *'],
  ['30,0,30-31 * * * *', '0,30-31 * * * *'],
  ['1-5,3-7,4 * * * *', '1-7 * * * *'],
  ['*,5 5,* * * *', '* * * * *'],
  ['0 9 1,1,15 jan,1,JAN *', '0 9 1,15 1 *'],
  ['0 9 * * mon,1,MON,mon-tue', '0 9 * * 1-2'],
  ['0 9 * * 0,7', '0 9 * * 0'],
  // Steps.
  ['*/5 * * * *', '0,5,10,15,20,25,30,35,40,45,50,55 * * * *'],
  ['*/07 * * * *', '0,7,14,21,28,35,42,49,56 * * * *'],
  ['*/1 * * * *', '* * * * *'],
  ['*/60 */24 */31 */12 */7', '0 0 1 1 0'],
  ['*/45 * * * *', '0,45 * * * *'],
  ['5/15 * * * *', '5,20,35,50 * * * *'],
  ['59/5 * * * *', '59 * * * *'],
  ['10-30/10 * * * *', '10,20,30 * * * *'],
  ['10-35/10 * * * *', '10,20,30 * * * *'],
  ['0-10/20 * * * *', '0 * * * *'],
  ['0-59/2 9-17/4 * * *', `${Array.from({ length: 30 }, (_, i) => 2 * i).join()} 9,13,17 * * *`],
  ['0 0 */10 * *', '0 0 1,11,21,31 * *'],
  ['0 0 * */5 *', '0 0 * 1,6,11 *'],
  ['0 0 * * */2', '0 0 * * 0,2,4,6'],
  ['0 0 * * */3', '0 0 * * 0,3,6'],
  ['0 0 * * 5/2', '0 0 * * 0,5'],
  ['0 0 * * 1-5/2', '0 0 * * 1,3,5'],
  // Ranges that wrap around.
  ['50-10 * * * *', '0-10,50-59 * * * *'],
  ['50-10/10 * * * *', '0,10,50 * * * *'],
  ['55-10/10 * * * *', '5,55 * * * *'],
  ['0 22-2 * * *', '0 0-2,22-23 * * *'],
  ['0 22-3/2 * * *', '0 0,2,22 * * *'],
  ['0 0 28-3 * *', '0 0 1-3,28-31 * *'],
  ['0 0 * nov-feb *', '0 0 * 1-2,11-12 *'],
  ['0 0 * 11-2/2 *', '0 0 * 1,11 *'],
  ['0 0 * * sat-sun', '0 0 * * 0,6'],
  ['0 0 * * SAT-MON', '0 0 * * 0-1,6'],
  ['0 0 * * fri-tue/2', '0 0 * * 0,2,5'],
  ['0 0 * * 5-7', '0 0 * * 0,5-6'],
  ['0 0 * * fri-7', '0 0 * * 0,5-6'],
  ['0 0 * * 7-1', '0 0 * * 0-1'],
  ['0 0 * * 7-7', '0 0 * * 0'],
  ['0 0 * * 7', '0 0 * * 0'],
  ['0 0 * * 0-7', '0 0 * * *'],
  ['0 0 * * sun-sat', '0 0 * * *'],
  ['0 0 * * mon-sun', '0 0 * * *'],
  ['0 0 * * 5-5', '0 0 * * 5'],
  // Names in any case, mixed with numbers.
  ['0 0 * Jan-mAR,dec MON-fri', '0 0 * 1-3,12 1-5'],
  ['0 0 * jan-3,12 mon-5', '0 0 * 1-3,12 1-5'],
  // Two restricted days.
  ['0 0 13 * 5', '0 0 13 * | 5'],
  ['0 0 1-31 * 5', '0 0 * * | 5'],
  ['0 0 */2 * 1', `0 0 ${Array.from({ length: 16 }, (_, i) => 2 * i + 1).join()} * 1`],
  ['0 0 1-7 * */2', '0 0 1-7 * 0,2,4,6'],
  // Macros.
  ['@hourly', '0 * * * *'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@weekly', '0 0 * * 0'],
  ['@monthly', '0 0 1 * *'],
  ['@yearly', '0 0 1 1 *'],
  [' @Annually ', '0 0 1 1 *'],
];

test.each(ACCEPTED)('the expression %j matches %s', (expression, values) => {
  expect(valuesOf(expression)).toBe(values);
});

const REFUSED: [expression: string, fault: string | RegExp][] = [
  [
    '0 0 * * * *',
    'a cron expression has 5 fields (minute hour day month day_of_week), not 6: seconds and years are not supported',
  ],
  ['0 0 0 * * * 2030', /not 7/],
  ['* * * *', /5 fields .*, not 4$/],
  ['', /not 0/],
  ['   ', /not 0/],
  ['constructor', /not 1/],
  ['__proto__', /not 1/],
  ['@reboot', '@reboot is not supported, because a schedule has times: execute the config after a restart instead'],
  ['@every 5m', 'the macro @every 5m is not known; use an interval schedule'],
  [
    '@constructor',
    'the macro @constructor is not known; ' +
      'use one of @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually',
  ],
  ['60 * * * *', 'minute: 60 is out of range; write 0-59'],
  ['* 24 * * *', 'hour: 24 is out of range; write 0-23'],
  ['* * 0 * *', 'day: 0 is out of range; write 1-31'],
  ['* * 32 * *', 'day: 32 is out of range; write 1-31'],
  ['* * * 0 *', 'month: 0 is out of range; write 1-12 or jan-dec'],
  ['* * * 13 *', 'month: 13 is out of range; write 1-12 or jan-dec'],
  ['* * * * 8', 'day_of_week: 8 is out of range; write 0-7 or sun-sat'],
  ['50-70 * * * *', 'minute: 70 is out of range; write 0-59'],
  ['jan * * * *', 'minute: "jan" is not known; write 0-59'],
  ['* * * foo *', 'month: "foo" is not known; write 1-12 or jan-dec'],
  ['* * * * monday', 'day_of_week: "monday" is not known; write 0-7 or sun-sat'],
  ['* * * janfeb *', 'month: "janfeb" is not known; write 1-12 or jan-dec'],
  ['*/0 * * * *', 'minute: the step of */0 has to be 1 or more'],
  [
    '*/90 * * * *',
    'minute: the step of */90 is larger than the field; use a step of 60 at most, or an interval schedule',
  ],
  [
    '0 */25 * * *',
    'hour: the step of */25 is larger than the field; use a step of 24 at most, or an interval schedule',
  ],
  ['0 0 */32 * *', 'day: the step of */32 is larger than the field; use a step of 31 at most'],
  ['0 0 * */13 *', 'month: the step of */13 is larger than the field; use a step of 12 at most'],
  ['0 0 * * */8', 'day_of_week: the step of */8 is larger than the field; use a step of 7 at most'],
  ['5,10/61 * * * *', /^minute: the step of 10\/61 is larger/],
  ['0, * * * *', 'minute: a list has an empty item; remove the comma'],
  [',0 * * * *', /empty item/],
  ['0,,30 * * * *', /empty item/],
  ['*/ * * * *', 'minute: "*/" is not understood; write 0-59, a range such as 0-5, or */2'],
  ['* * * * mon-', 'day_of_week: "mon-" is not understood; write 0-7 or sun-sat, a range such as mon-wed, or */2'],
  ...['/5', '-5', '5-', '+5', '1.5', '*/1.5', '*/2/3', '1-3-5', '**', '*-5', '5-*', '*5', '0~30', '٣'].map(
    (minute): [string, RegExp] => [`${minute} * * * *`, /^minute: ".*" is not understood; write/],
  ),
  ...['1e1', '0x5'].map((minute): [string, RegExp] => [`${minute} * * * *`, /^minute: ".*" is not known; write 0-59/]),
  ['0 0 L * *', 'day: "L" is not supported; write 1-31'],
  ['0 0 15W * *', /^day: "W" is not supported/],
  ['0 0 ? * 1', /^day: "\?" is not supported/],
  ['H * * * *', /^minute: "H" is not supported/],
  ['0 0 * * 5#2', 'day_of_week: "#" is not supported; write 0-7 or sun-sat'],
  ['0 0 * * 5L', /^day_of_week: "L" is not supported/],
];

test.each(REFUSED)('the expression %j is refused with one sentence', (cron_expression, fault) => {
  const expected = typeof fault === 'string' ? `cron_expression: ${fault}` : expect.stringMatching(shifted(fault));
  expect(faultsOf('cron', { cron_expression })).toEqual([expected]);
});

/** A pattern for the start of a fault has to match behind its field. */
const shifted = ({ source }: RegExp) => new RegExp(source.replace(/^\^/, '^cron_expression: '));

test('an expression that matches no day is refused', () => {
  expect(faultsOf('cron', { cron_expression: '0 0 30 2 *' })).toEqual([
    expect.stringMatching(/^: this schedule never fires: choose days that exist/),
  ]);
});

test('a stored step that is larger than its field stays readable', () => {
  const stored = parseScheduleConfig('cron', { cron_expression: '*/90 * * * */9' }) as CronSchedule;
  expect(stored.fields).toMatchObject({ minute: [0], dayOfWeek: [0] });
});

const warningsOf = (cron_expression: string) =>
  previewSchedule(parsed(cron_expression), { now: new Date('2027-01-10T12:00:00Z'), count: 1 }).warnings.filter(
    ({ code }) => code === 'uneven_step',
  );

test.each([
  ['*/45 * * * *', 'minute: */45 does not divide the hour: it gives :00, :45, then :00 after 15 minutes.'],
  ['*/59 * * * *', 'minute: */59 does not divide the hour: it gives :00, :59, then :00 after 1 minute.'],
  ['*/7 * * * *', 'minute: */7 does not divide the hour: it gives :00, :07, :14, …, :56, then :00 after 4 minutes.'],
  ['30/45 * * * *', 'minute: 30/45 does not divide the hour: it gives :30, then :30 after 60 minutes.'],
  ['0-59/25 * * * *', 'minute: 0-59/25 does not divide the hour: it gives :00, :25, :50, then :00 after 10 minutes.'],
  ['0 */9 * * *', 'hour: */9 does not divide the day: it gives 00h, 09h, 18h, then 00h after 6 hours.'],
  ['0 0 */10 * *', 'day: */10 does not divide a month of 31 days: it gives 1, 11, 21, 31, then 1 after 1 day.'],
  ['0 0 1 */5 *', 'month: */5 does not divide the year: it gives jan, jun, nov, then jan after 2 months.'],
  ['0 0 * * */2', 'day_of_week: */2 does not divide the week: it gives sun, tue, thu, sat, then sun after 1 day.'],
])('a preview of %j warns of the gap at the end of the field', (expression, message) => {
  expect(warningsOf(expression)).toEqual([{ code: 'uneven_step', message }]);
});

test('a preview does not warn of steps that divide their field, or that end with a range', () => {
  for (const expression of ['*/15 */6 * */4 *', '5/15 * * * *', '0 9-17/3 * * *', '0 22-3/2 * * *', '@daily'])
    expect([expression, warningsOf(expression)]).toEqual([expression, []]);
});

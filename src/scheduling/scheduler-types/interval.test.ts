import { faultsOf, parseAtNoon } from '../../../test/support/schedule-faults';
import { nextFireTimes } from '../schedule/fire-times';
import { parseScheduleConfig } from '../schedule/schedule-config';
import { previewSchedule } from '../schedule/schedule-preview';

test.each([
  [{ interval_seconds: 90 }, 90],
  [{ interval_seconds: 90, hours: 0, minutes: 1.5, days: null }, 90],
  [{ weeks: 1, days: 1, hours: 1, minutes: 1, seconds: 1 }, 694_861],
  [{ minutes: 1.5 }, 90],
  [{ hours: 1, minutes: 0 }, 3_600],
])('%j is an interval of %i s', (raw, everySeconds) => {
  expect(parseAtNoon('interval', raw)).toMatchObject({ type: 'interval', everySeconds });
});

test.each([
  [{ interval_seconds: 90, hours: 7, minutes: 1 }, /^interval_seconds: is given beside hours, minutes; give one/],
  [{ interval_seconds: 90, hours: 'x' }, /^interval_seconds: is given beside hours/],
  [{}, /^interval_seconds: an interval needs/],
  [{ interval_seconds: 0 }, /^interval_seconds: /],
  [{ interval_seconds: 1.5 }, /^interval_seconds: /],
  [{ interval_seconds: '60' }, /^interval_seconds: /],
  [{ minutes: 0 }, /^: .*whole number of seconds/],
  [{ seconds: 0.5 }, /^: .*0.5/],
  [{ minutes: -1, hours: 2 }, /^minutes: /],
  [{ interval_seconds: 1e13 }, /never fires/],
])('the interval %j is refused', (raw, message) => {
  expect(faultsOf('interval', raw)).toEqual([expect.stringMatching(message)]);
});

const now = new Date('2027-01-10T10:20:30Z');
const timesOf = (raw: object) =>
  nextFireTimes(parseScheduleConfig('interval', raw), now, 3).map((time) => time.toISOString().replace('.000Z', ''));

test('with start_at it first fires then, and an interval later each', () => {
  expect(timesOf({ hours: 5, start_at: '2027-02-01T09:17:05Z' })).toEqual([
    '2027-02-01T09:17:05',
    '2027-02-01T14:17:05',
    '2027-02-01T19:17:05',
  ]);
  expect(timesOf({ hours: 5, start_at: '2027-01-10T09:17:05Z' })[0]).toBe('2027-01-10T14:17:05');
  expect(timesOf({ days: 1, start_at: '1960-01-01T09:30:00Z' })[0]).toBe('2027-01-11T09:30:00');
});

test('without start_at it fires at multiples of the interval since 1970', () => {
  expect(timesOf({ minutes: 15 })).toEqual(['2027-01-10T10:30:00', '2027-01-10T10:45:00', '2027-01-10T11:00:00']);
  expect(timesOf({ weeks: 1 })[0]).toBe('2027-01-14T00:00:00');
});

const warningOf = (raw: object) =>
  previewSchedule(parseScheduleConfig('interval', raw), { now, count: 1 }).warnings.find(
    ({ code }) => code === 'interval_alignment',
  )?.message;

test.each([
  [{ minutes: 7 }, /^Without start_at .*420 s.*1970-01-01.*in UTC are Sun 2027-01-10 10:22, Sun 2027-01-10 10:29, Sun/],
  [{ minutes: 40 }, /1970/],
  [{ hours: 5 }, /1970/],
  [{ weeks: 1 }, /Thu 2027-01-14 00:00/],
  [{ hours: 1, timezone: 'Asia/Kolkata' }, /in Asia\/Kolkata are Sun 2027-01-10 16:30, Sun 2027-01-10 17:30/],
  [{ hours: 1, timezone: 'Asia/Kathmandu' }, /16:45/],
  [{ hours: 2, timezone: 'Europe/Berlin' }, /13:00/],
  [{ days: 1, timezone: 'Europe/Berlin' }, /01:00/],
  [
    { minutes: 7, start_at: '2027-02-01T09:17Z' },
    /^An interval of 420 s does not divide an hour.*Mon 2027-02-01 09:17/,
  ],
  [{ hours: 5, start_at: '2027-02-01T09:17Z' }, /^An interval of 18000 s does not divide a day.*09:17.*14:17/],
])('a preview of %j warns of times that are not round', (raw, message) => {
  expect(warningOf(raw)).toMatch(message);
});

test.each([
  { seconds: 30 },
  { minutes: 15 },
  { hours: 1 },
  { hours: 1, timezone: 'Europe/Berlin' },
  { minutes: 30, timezone: 'Asia/Kolkata' },
  { minutes: 15, timezone: 'Asia/Kathmandu' },
  { hours: 6 },
  { days: 1 },
  { hours: 6, start_at: '2027-02-01T09:17Z' },
  { hours: 1, timezone: 'Asia/Kolkata', start_at: '2027-02-01T09:00' },
  { weeks: 1, start_at: '2027-02-01T09:17Z' },
])('a preview of %j does not warn of its times', (raw) => {
  expect(warningOf(raw)).toBeUndefined();
});

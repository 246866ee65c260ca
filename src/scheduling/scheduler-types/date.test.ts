import { faultsOf, parseAtNoon } from '../../../test/support/schedule-faults';
import { parseScheduleConfig } from '../schedule/schedule-config';
import type { DateSchedule } from './date';

const runAt = (raw: object) => (parseAtNoon('date', raw) as DateSchedule).runAt.toISOString();

test('offsets are applied, times without one are in the time zone, and fractions of a second are dropped', () => {
  expect(runAt({ run_date: '2026-07-01T10:00' })).toBe('2026-07-01T10:00:00.000Z');
  expect(runAt({ run_date: '2026-07-01 10:00:30', timezone: 'Europe/Berlin' })).toBe('2026-07-01T08:00:30.000Z');
  expect(runAt({ run_date: '2026-07-01T10:00:00+05:30', timezone: 'Europe/Berlin' })).toBe('2026-07-01T04:30:00.000Z');
  expect(runAt({ run_date: '2026-07-01T10:00:59.999Z' })).toBe('2026-07-01T10:00:59.000Z');
  expect(runAt({ run_date: '2026-07-01' })).toBe('2026-07-01T00:00:00.000Z');
  expect(runAt({ run_date: '2026-07-01T10:00+14:00' })).toBe('2026-06-30T20:00:00.000Z');
});

test('24:00 is midnight of the next day', () => {
  expect(runAt({ run_date: '2027-06-01T24:00' })).toBe('2027-06-02T00:00:00.000Z');
  expect(runAt({ run_date: '2027-12-31T24:00', timezone: 'Europe/Berlin' })).toBe('2027-12-31T23:00:00.000Z');
});

test.each([
  [{}, /^run_date: is missing/],
  [{ run_date: null }, /^run_date: is missing/],
  [{ run_date: 1_800_000_000 }, /^run_date: /],
  [{ run_date: 'tomorrow' }, /^run_date: expected an ISO 8601/],
  [{ run_date: '10:00' }, /^run_date: expected an ISO 8601/],
  [{ run_date: '2026-02-30T10:00' }, /^run_date: the day 30 does not exist/],
  [{ run_date: '2026-06-01T12:00:00Z' }, /^run_date: lies in the past/],
  [{ run_date: '2101-01-01T00:00' }, /2100/],
  [{ run_date: '2027-01-01T00:00+99:00' }, /^run_date: expected an ISO 8601/],
  [{ run_date: '2027-01-01T00:00-08:99' }, /^run_date: expected an ISO 8601/],
  [{ run_date: '2027-01-01T25:00' }, /^run_date: the hour 25 does not exist/],
  [{ run_date: '2027-03-28T02:30', timezone: 'Europe/Berlin' }, /does not exist in Europe\/Berlin/],
  [{ run_date: '2026-07-01T10:00', end_at: '2026-06-30T10:00' }, /never fires/],
])('the date %j is refused', (raw, message) => {
  expect(faultsOf('date', raw)).toEqual([expect.stringMatching(message)]);
});

test('a stored date may lie in the past', () => {
  expect(parseScheduleConfig('date', { run_date: '2020-01-01T00:00' })).toMatchObject({
    runAt: new Date('2020-01-01T00:00:00Z'),
  });
});

test.each([
  ['2027-02-30T00:00:00Z', 'the day 30 does not exist there'],
  ['2027-01-01T25:00:00', 'the hour 25 does not exist there'],
  ['2016-12-31T23:59:60Z', 'the second 60 does not exist there'],
])('the refusal of %s says what to do, and names no library', (run_date, fault) => {
  expect(() => parseScheduleConfig('date', { run_date })).toThrow(
    expect.objectContaining({
      issues: [
        expect.objectContaining({
          message: `${fault}; give a time of the calendar, such as 2030-01-31T09:30:00Z`,
        }),
      ],
    }),
  );
});

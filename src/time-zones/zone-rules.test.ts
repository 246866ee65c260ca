import { DateTime } from 'luxon';
import { LuxonZone } from './luxon-zone';
import { findZoneName, offsetAt, offsetPeriods, rulesVersion, zoneNames } from './zone-rules';

const hoursAt = (zone: string, iso: string) => offsetAt(zone, Date.parse(iso)) / 3_600_000;

test.each([
  // Clocks that stay on summer time since 2026, in Morocco since September on GMT.
  ['America/Vancouver', '2026-01-15T12:00Z', -8],
  ['America/Vancouver', '2026-11-15T12:00Z', -7],
  ['America/Vancouver', '2027-01-15T12:00Z', -7],
  ['America/Edmonton', '2027-01-15T12:00Z', -6],
  ['America/Winnipeg', '2027-01-15T12:00Z', -5],
  ['Africa/Casablanca', '2026-08-01T12:00Z', 1],
  ['Africa/Casablanca', '2026-12-01T12:00Z', 0],
  ['America/Los_Angeles', '2027-01-15T12:00Z', -8],
  ['America/Santiago', '2027-09-05T04:00Z', -3],
  ['Europe/Berlin', '2027-10-31T00:59:59Z', 2],
  ['Europe/Berlin', '2027-10-31T01:00:00Z', 1],
  ['Europe/Berlin', '2099-07-01T12:00Z', 2],
  ['Asia/Kolkata', '2027-01-15T12:00Z', 5.5],
  ['Asia/Kathmandu', '2027-01-15T12:00Z', 5.75],
  ['Australia/Lord_Howe', '2027-01-15T12:00Z', 11],
  ['Australia/Lord_Howe', '2027-07-15T12:00Z', 10.5],
  ['Pacific/Kiritimati', '2027-01-15T12:00Z', 14],
  ['Etc/GMT+12', '2027-01-15T12:00Z', -12],
  ['UTC', '1900-01-15T12:00Z', 0],
])('the clocks of %s are ahead of UTC at %s by %s h', (zone, instant, hours) => {
  expect(hoursAt(zone, instant)).toBe(hours);
});

test('a zone that the database lacks is an error that names it', () => {
  expect(() => offsetAt('Mars/Olympus', 0)).toThrow(`the time zone database ${rulesVersion} has no zone Mars/Olympus`);
});

test('every name is found in any case, and only as it is written', () => {
  for (const name of zoneNames()) expect(findZoneName(name.toUpperCase())).toBe(name);
  expect(['Europe_Berlin', '', 'constructor', 'Europe/Berlin '].map(findZoneName)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test('every name that Node knows is a name of the database', () => {
  expect(Intl.supportedValuesOf('timeZone').filter((name) => findZoneName(name) === undefined)).toEqual([]);
});

test('the periods of a zone say the same as its offsets, and those of recurring changes reach beyond 2100', () => {
  for (const zone of ['Europe/Berlin', 'America/Vancouver', 'Asia/Gaza', 'UTC']) {
    const periods = offsetPeriods(zone);
    expect(periods.at(-1)?.untilMs).toBe(Infinity);
    for (const [index, { untilMs, offsetMs }] of periods.slice(0, -1).entries()) {
      if (untilMs < 0) continue;
      expect(offsetAt(zone, untilMs - 1)).toBe(offsetMs);
      expect(offsetAt(zone, untilMs)).toBe(periods[index + 1]?.offsetMs);
    }
  }
  expect(offsetPeriods('Europe/Berlin').at(-2)?.untilMs).toBeGreaterThan(Date.UTC(2101, 0));
});

test('luxon reads and writes times by the same rules', () => {
  const zone = new LuxonZone('America/Vancouver');
  const time = DateTime.fromISO('2027-01-15T09:00', { zone });
  expect(time.toUTC().toISO()).toBe('2027-01-15T16:00:00.000Z');
  expect(time.toISO()).toBe('2027-01-15T09:00:00.000-07:00');
  expect(DateTime.fromISO('1950-01-01', { zone: new LuxonZone('Asia/Kolkata') }).toISO()).toBe(
    '1950-01-01T00:00:00.000+05:30',
  );
  expect(time.equals(time.setZone(new LuxonZone('America/Vancouver')))).toBe(true);
  expect(time.zone.equals(new LuxonZone('America/Los_Angeles'))).toBe(false);
});

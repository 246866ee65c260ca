import { tzifOf } from './tzif';

/** The second block of a compiled file, which has 64-bit times. */
function readTzif(file: Buffer) {
  const start = file.indexOf('TZif', 4);
  const [changes, types, text] = [32, 36, 40].map((at) => file.readUInt32BE(start + at)) as [number, number, number];
  const atTypes = start + 44 + changes * 9;
  const offsets = Array.from({ length: types }, (_, index) => file.readInt32BE(atTypes + index * 6));
  const names = file.subarray(atTypes + types * 6, atTypes + types * 6 + text).toString('latin1');
  const abbreviations = Array.from({ length: types }, (_, index) =>
    names.slice(file[atTypes + index * 6 + 5]).replace(/\0[^]*/, ''),
  );
  const typeOf = (index: number) => file[start + 44 + changes * 8 + index] ?? 0;
  return {
    version: file.toString('latin1', start + 4, start + 5),
    first: `${abbreviations[0]} ${offsets[0]}`,
    footer: file.toString('latin1', atTypes + types * 6 + text),
    changes: Array.from({ length: changes }, (_, index) => {
      const at = new Date(Number(file.readBigInt64BE(start + 44 + index * 8)) * 1000).toISOString();
      return `${at.slice(0, 19)} ${abbreviations[typeOf(index)]} ${offsets[typeOf(index)]}`;
    }),
  };
}

test('a compiled zone lists its changes up to the year 2101', () => {
  const berlin = readTzif(tzifOf('Europe/Berlin'));
  expect(berlin).toMatchObject({ version: '2', first: 'LMT 3208', footer: '\n\n' });
  expect(berlin.changes[0]).toBe('1893-03-31T23:06:32 CET 3600');
  expect(berlin.changes.filter((change) => change.startsWith('2027'))).toEqual([
    '2027-03-28T01:00:00 CEST 7200',
    '2027-10-31T01:00:00 CET 3600',
  ]);
  expect(berlin.changes.at(-1)).toBe('2101-10-30T01:00:00 CET 3600');
});

test('a compiled zone without changes has its one offset', () => {
  expect(readTzif(tzifOf('Etc/GMT+12'))).toEqual({ version: '2', first: '-12 -43200', footer: '\n\n', changes: [] });
});

test('Vancouver stays on summer time after its last change', () => {
  expect(readTzif(tzifOf('America/Vancouver')).changes.at(-2)).toBe('2026-03-08T10:00:00 PDT -25200');
  expect(readTzif(tzifOf('America/Vancouver')).changes.at(-1)).toMatch(/^2026-11-01T09:00:00 \S+ -25200$/);
});

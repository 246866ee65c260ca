import { SECOND_MS } from '../shared/durations';
import { offsetPeriods, type OffsetPeriod } from './zone-rules';

/** Temporal's calendars end with the year 2100; clock changes beyond it are left out. */
const END_MS = Date.UTC(2102, 0, 1);

/** What clocks show between two changes. Bytes 5 and 6 of its record: not marked as daylight saving, abbreviation. */
type ClockType = Pick<OffsetPeriod, 'offsetMs' | 'abbreviation'>;

/** The rules of a zone as a compiled file (TZif version 2, RFC 9636), which Go, C and Python read. */
export function tzifOf(zone: string): Buffer {
  const periods = offsetPeriods(zone);
  const changes = periods
    .slice(1)
    .map((period, index) => ({ ...period, atMs: periods[index]?.untilMs ?? 0 }))
    .filter(({ atMs }) => atMs < END_MS);
  const types = distinctTypes([...periods.slice(0, 1), ...changes]);
  const abbreviations = [...new Set(types.map(({ abbreviation }) => abbreviation))];
  const text = Buffer.from(abbreviations.map((abbreviation) => `${abbreviation}\0`).join(''), 'latin1');
  const positionOf = (abbreviation: string) => text.indexOf(`${abbreviation}\0`, 0, 'latin1');

  return Buffer.concat([
    // Readers of version 2 skip the block of version 1, which has to be there.
    header({ changes: 0, types: 1, text: 1 }),
    typeRecord({ offsetMs: 0 }, 0),
    Buffer.alloc(1),
    header({ changes: changes.length, types: types.length, text: text.length }),
    ...changes.map(({ atMs }) => int64(atMs / SECOND_MS)),
    Buffer.from(changes.map((change) => types.findIndex((type) => isSameType(type, change)))),
    ...types.map((type) => typeRecord(type, positionOf(type.abbreviation))),
    text,
    // No rule for what comes after the last change.
    Buffer.from('\n\n'),
  ]);
}

const isSameType = (a: ClockType, b: ClockType) => a.offsetMs === b.offsetMs && a.abbreviation === b.abbreviation;

/** In the order in which they come up, because the first one holds before the first change. */
function distinctTypes(periods: ClockType[]): ClockType[] {
  const types: ClockType[] = [];
  for (const period of periods) if (!types.some((type) => isSameType(type, period))) types.push(period);
  return types;
}

function header(counts: { changes: number; types: number; text: number }): Buffer {
  const bytes = Buffer.alloc(44);
  bytes.write('TZif2', 'latin1');
  // Before these come three counts of things that are left out: UT and standard time indicators, leap seconds.
  bytes.writeUInt32BE(counts.changes, 32);
  bytes.writeUInt32BE(counts.types, 36);
  bytes.writeUInt32BE(counts.text, 40);
  return bytes;
}

function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(Math.floor(value)));
  return bytes;
}

function typeRecord({ offsetMs }: Pick<ClockType, 'offsetMs'>, abbreviationAt: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeInt32BE(Math.round(offsetMs / SECOND_MS));
  bytes.writeUInt8(abbreviationAt, 5);
  return bytes;
}

import type { Format } from './export-format';
import type { ColumnKind, ExportColumn } from '../../storage/exports/export-sources';
import type { SchemaElement } from 'hyparquet' with { 'resolution-mode': 'import' };

/** A row group is kept in memory until it is written column by column. It ends at either of these limits. */
const GROUP_ROWS = 5_000;
const GROUP_CHARACTERS = 4_000_000;

/**
 * Integers are PostgreSQL's 4-byte integers. JSON is written as text, because parsing could change large numbers.
 */
const TYPES: Record<ColumnKind, Pick<SchemaElement, 'type' | 'converted_type' | 'logical_type'>> = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  json: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  integer: { type: 'INT32' },
  real: { type: 'DOUBLE' },
  boolean: { type: 'BOOLEAN' },
  timestamp: {
    type: 'INT64',
    converted_type: 'TIMESTAMP_MILLIS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
  },
};

const schemaOf = (columns: readonly ExportColumn[]): SchemaElement[] => [
  { name: 'root', num_children: columns.length },
  ...columns.map(({ name, kind, isNullable }) => ({
    name,
    repetition_type: isNullable ? ('OPTIONAL' as const) : ('REQUIRED' as const),
    ...TYPES[kind],
  })),
];

/** Column data is compressed with Snappy. */
export const parquetFormat: Format = async function* ({ columns, pages }) {
  // An ES module, which CommonJS can load only with import().
  const { ByteWriter, ParquetWriter } = await import('hyparquet-writer');
  const bytes = new ByteWriter(1 << 20);
  const writer = new ParquetWriter({ writer: bytes, schema: schemaOf(columns), createdBy: 'taskloom' });
  let group = columns.map(() => [] as unknown[]);
  let characters = 0;

  const takeBytes = () => {
    const taken = bytes.getBytes().slice();
    // The writer keeps its offset in the file; only the buffer is reused.
    bytes.index = 0;
    return taken;
  };
  const endGroup = () => {
    const rows = group[0]?.length ?? 0;
    if (rows > 0)
      void writer.write({
        columnData: columns.map(({ name }, index) => ({ name, data: group[index] ?? [] })),
        rowGroupSize: rows,
      });
    group = columns.map(() => []);
    characters = 0;
    return takeBytes();
  };

  for await (const page of pages) {
    for (const row of page) {
      columns.forEach(({ name }, index) => {
        const value = row[name] ?? null;
        group[index]?.push(value);
        if (typeof value === 'string') characters += value.length;
      });
    }
    if ((group[0]?.length ?? 0) >= GROUP_ROWS || characters >= GROUP_CHARACTERS) yield endGroup();
  }
  yield endGroup();
  void writer.finish();
  yield takeBytes();
};

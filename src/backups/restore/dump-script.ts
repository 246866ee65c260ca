import type { Readable, Writable } from 'node:stream';

/** The head of a COPY block. `columns` is the list as it stands in the script, with its quotes. */
export interface CopyBlock {
  schema: string;
  table: string;
  columns: string;
}

const COPY = /^COPY (?:("(?:[^"]|"")+"|\w+)\.)?("(?:[^"]|"")+"|\w+) \((.*)\) FROM stdin;$/;
const unquote = (name: string) => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name);
const NEWLINE = 0x0a;
const END = Buffer.from('\\.\n');
const END_OF_ROWS = Buffer.from('\n\\.\n');

/** Resolves when the chunk is written, so that the script is read no faster than its rows are stored. */
async function send(target: Writable | null, chunk: Buffer): Promise<void> {
  if (!target || chunk.length === 0) return;
  await new Promise<void>((resolve, reject) => target.write(chunk, (error) => (error ? reject(error) : resolve())));
}

/** What the reader found in the bytes that it has. `size` counts the bytes that it has consumed. */
type Found =
  | { kind: 'more needed' }
  | { kind: 'other line'; size: number }
  | { kind: 'block'; block: CopyBlock; size: number }
  | { kind: 'rows'; size: number }
  | { kind: 'end of rows'; rowsSize: number; size: number };

/** Outside of rows: the next line, or the COPY block that it begins. */
function findLine(bytes: Buffer): Found {
  const end = bytes.indexOf(NEWLINE);
  if (end < 0) return { kind: 'more needed' };
  const size = end + 1;
  const [, schema = '', table, columns] = COPY.exec(bytes.toString('utf8', 0, end)) ?? [];
  if (table === undefined || columns === undefined) return { kind: 'other line', size };
  return { kind: 'block', block: { schema: unquote(schema), table: unquote(table), columns }, size };
}

/** Within rows: the rest of the rows with the line that ends them, or as many bytes as are certainly rows. */
function findRows(bytes: Buffer, isFirst: boolean): Found {
  if (isFirst && bytes.length < END.length) return { kind: 'more needed' };
  if (isFirst && bytes.subarray(0, END.length).equals(END))
    return { kind: 'end of rows', rowsSize: 0, size: END.length };
  const rowsSize = bytes.indexOf(END_OF_ROWS) + 1;
  if (rowsSize > 0) return { kind: 'end of rows', rowsSize, size: rowsSize + END.length };
  // The next chunk may complete an end of rows that this one begins.
  const size = bytes.length - END_OF_ROWS.length;
  return size > 0 ? { kind: 'rows', size } : { kind: 'more needed' };
}

/**
 * Reads the rows out of a script that pg_restore wrote, and skips everything else. COPY's format doubles every
 * backslash within rows, so a line of `\.` can only be their end. `open` returns the target for a table's rows, or null
 * to skip them. Throws when the script ends within a table.
 */
export async function readDumpScript(
  script: Readable,
  open: (block: CopyBlock) => Writable | null,
  close: (target: Writable) => Promise<void>,
): Promise<void> {
  let rest = Buffer.alloc(0);
  let target: Writable | null = null;
  let isInRows = false;
  /** Within rows: whether the next byte is the first of them. */
  let isFirst = false;
  for await (const chunk of script) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    for (;;) {
      const found = isInRows ? findRows(rest, isFirst) : findLine(rest);
      if (found.kind === 'more needed') break;
      if (found.kind === 'block') {
        target = open(found.block);
        isInRows = isFirst = true;
      }
      if (found.kind === 'rows') {
        await send(target, rest.subarray(0, found.size));
        isFirst = false;
      }
      if (found.kind === 'end of rows') {
        await send(target, rest.subarray(0, found.rowsSize));
        if (target) await close(target);
        isInRows = false;
      }
      rest = rest.subarray(found.size);
    }
  }
  if (isInRows) throw new Error('The archive ends in the middle of a table');
}

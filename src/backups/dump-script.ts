import type { Readable, Writable } from 'node:stream';

/** A table of the script, with its list of columns as it stands there. */
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

/** The next chunk is asked for only once this one is written. */
async function send(target: Writable | null, chunk: Buffer): Promise<void> {
  if (!target || chunk.length === 0) return;
  await new Promise<void>((resolve, reject) => target.write(chunk, (error) => (error ? reject(error) : resolve())));
}

/**
 * Takes the rows out of a script that pg_restore wrote, and nothing else. In COPY's format a backslash among the rows is
 * always doubled, so a line of `\.` can only be the end of them. `open` says where a table's rows go; null leaves them out.
 */
export async function readDumpScript(
  script: Readable,
  open: (block: CopyBlock) => Writable | null,
  close: (target: Writable) => Promise<void>,
): Promise<void> {
  let rest = Buffer.alloc(0);
  let target: Writable | null = null;
  /** Within rows: is the next byte the first of them? */
  let isFirst = false;
  let isInRows = false;
  for await (const chunk of script) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    for (;;) {
      if (!isInRows) {
        const end = rest.indexOf(NEWLINE);
        if (end < 0) break;
        const [, schema = '', table, columns] = COPY.exec(rest.toString('utf8', 0, end)) ?? [];
        rest = rest.subarray(end + 1);
        if (table === undefined || columns === undefined) continue;
        target = open({ schema: unquote(schema), table: unquote(table), columns });
        isInRows = isFirst = true;
        continue;
      }
      if (isFirst && rest.length < END.length) break;
      const isEmpty = isFirst && rest.subarray(0, END.length).equals(END);
      const end = isEmpty ? 0 : rest.indexOf(END_OF_ROWS) + 1;
      if (!isEmpty && end === 0) {
        // The end may be cut in two by the next chunk.
        const safe = Math.max(0, rest.length - END_OF_ROWS.length);
        await send(target, rest.subarray(0, safe));
        if (safe > 0) isFirst = false;
        rest = rest.subarray(safe);
        break;
      }
      await send(target, rest.subarray(0, end));
      if (target) await close(target);
      rest = rest.subarray(end + END.length);
      isInRows = false;
    }
  }
  if (isInRows) throw new Error('The archive ends in the middle of a table');
}

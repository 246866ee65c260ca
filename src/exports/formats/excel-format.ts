import { once } from 'node:events';
import { Readable } from 'node:stream';
import { ZipFile } from 'yazl';
import { sheetCells, type CellOptions } from './excel-cells';
import {
  contentTypes,
  ROOT_RELATIONS,
  SHEET_BEGIN,
  SHEET_END,
  STYLES,
  workbook,
  workbookRelations,
} from './excel-parts';
import type { Format } from './export-format';
import type { ExportRow } from '../../storage/exports/export-source-repository';

/** Excel's limit of rows in a sheet, including the header. */
const SHEET_ROWS = 1_048_576;

/**
 * Writes a workbook and compresses it while it is read. Libraries for workbooks keep the whole file in memory or do not
 * wait for a slow reader, so this file writes the few parts of the format that a table needs.
 */
export function createExcelFormat(sheetRows = SHEET_ROWS): Format {
  return async function* (input) {
    const { pages } = input;
    const options: CellOptions = input;
    const rows = createRowReader(pages);
    const zip = new ZipFile();
    const output = zip.outputStream as Readable;

    async function* sheet(): AsyncGenerator<string> {
      yield SHEET_BEGIN + sheetCells.header(1, options);
      for (let next = 2; next <= sheetRows;) {
        const some = await rows.take(sheetRows - next + 1);
        if (some.length === 0) break;
        yield some.map((row, index) => sheetCells.row(next + index, row, options)).join('');
        next += some.length;
      }
      yield SHEET_END;
    }
    async function fill(): Promise<void> {
      let sheets = 0;
      do {
        sheets += 1;
        const stream = Readable.from(sheet(), { objectMode: false });
        // When the reader stops, the zip closes, and the rows stop with it.
        output.once('close', () => stream.destroy());
        zip.addReadStream(stream, `xl/worksheets/sheet${sheets}.xml`);
        await once(stream, 'close');
        if (stream.errored) throw stream.errored;
      } while (await rows.hasMore());
      const add = (name: string, text: string) => zip.addBuffer(Buffer.from(text), name);
      add('[Content_Types].xml', contentTypes(sheets));
      add('_rels/.rels', ROOT_RELATIONS);
      add('xl/workbook.xml', workbook(sheets));
      add('xl/_rels/workbook.xml.rels', workbookRelations(sheets));
      add('xl/styles.xml', STYLES);
      zip.end();
    }
    zip.on('error', (error) => output.destroy(error as Error));
    fill().catch((error: unknown) => output.destroy(error as Error));
    yield* output as AsyncIterable<Uint8Array>;
  };
}

/** Reads any number of rows at a time from pages. */
function createRowReader(pages: AsyncIterable<ExportRow[]>) {
  const iterator = pages[Symbol.asyncIterator]();
  let left: ExportRow[] = [];
  const fill = async () => {
    if (left.length > 0) return;
    const next = await iterator.next();
    if (!next.done) left = next.value;
  };
  return {
    /** At most `most` rows; an empty list when there are no more. */
    async take(most: number): Promise<ExportRow[]> {
      await fill();
      const taken = left.slice(0, most);
      left = left.slice(most);
      return taken;
    },
    async hasMore(): Promise<boolean> {
      await fill();
      return left.length > 0;
    },
  };
}

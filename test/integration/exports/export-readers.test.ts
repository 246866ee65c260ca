import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom } from 'pg-copy-streams';
import { connectClient } from '../../../src/platform/postgres/postgres-client';
import { readExport, useExportBench, type ExportBench } from '../../support/export-support';
import { readByPython, testWithPython } from '../../support/python-reader';
import type { TestDatabase } from '../../support/test-database';

let db: TestDatabase;
let bench: ExportBench;

useExportBench((stack) => ({ db, bench } = stack));

test.each([
  ['', '""'],
  ['\\N', '"\\N"'],
])('PostgreSQL tells null from empty text in a CSV file whose null is %j', async (nullText, quoted) => {
  await db.database('reddit_comments').where({ id: 'c001' }).update({ author: nullText });
  const result = await bench.run({ export_format: 'csv', source: 'comments', null_text: nullText });
  const content = bench.read(result).toString();
  expect(content).toContain(`,${quoted},`);
  const client = await connectClient({ url: db.url, applicationName: 'test' });
  try {
    const columns = content.slice(0, content.indexOf('\r\n')).split(',');
    await client.query(`create temporary table loaded (${columns.map((name) => `${name} text`).join(', ')})`);
    await pipeline(
      Readable.from([content]),
      client.query(copyFrom(`copy loaded from stdin with (format csv, header, null '${nullText}')`)),
    );
    const { rows: loaded } = await client.query('select id, author, parent_id from loaded order by id');
    const { rows: stored } = await client.query('select id, author, parent_id from reddit_comments order by id');
    expect(loaded).toEqual(stored);
    expect(loaded).toContainEqual(expect.objectContaining({ author: nullText }));
    expect(loaded).toContainEqual(expect.objectContaining({ author: null }));
  } finally {
    await client.end();
    await db.database('reddit_comments').where({ id: 'c001' }).update({ author: 'me' });
  }
});

test('names that begin with - are exported as they are when escape_names is false', async () => {
  await db.database('reddit_comments').where({ id: 'c001' }).update({ author: '-some-user-' });
  const authors = async (parameters: object) => {
    const result = await bench.run({ export_format: 'csv', source: 'comments', ...parameters });
    return (await readExport('csv', bench.read(result))).map(({ author }) => author);
  };
  expect(await authors({})).toContain("'-some-user-");
  expect(await authors({ escape_names: false })).toContain('-some-user-');
  await db.database('reddit_comments').where({ id: 'c001' }).update({ author: 'me' });
});

testWithPython('an XML reader that knows nothing of workbooks finds the CR of Excel cells', async () => {
  const { file_path: file } = await bench.run({ export_format: 'excel', source: 'comments' });
  const program = [
    'import json, sys, zipfile, xml.etree.ElementTree as tree',
    'sheet = tree.fromstring(zipfile.ZipFile(sys.argv[1]).read("xl/worksheets/sheet1.xml"))',
    'print(json.dumps([each.text for each in sheet.findall(".//{*}t")]))',
  ];
  const cells = readByPython<string[]>(program, path.join(bench.folder, path.basename(file as string)));
  expect(cells).toEqual(expect.arrayContaining(['cr\ralone', 'two\r\nlines', 'a,\rb;c']));
});

import { Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { readDumpScript } from './dump-script';

const SCRIPT = `-- a comment
SET x = 1;
\\restrict abc

COPY public.users (id, "full name") FROM stdin;
1\tone
2\t\\\\.
3\t\\\\N

\\.


COPY public.empty (id) FROM stdin;
\\.
COPY "odd ""schema""".other (id) FROM stdin;
9
\\.
COPY public."Last" (id) FROM stdin;
日本語
\\.
SELECT pg_catalog.setval('public.users_id_seq', 3, true);
`;

async function read(chunks: Buffer[]): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  await readDumpScript(
    Readable.from(chunks),
    ({ schema, table, columns }) => {
      if (schema !== 'public') return null;
      const key = `${table} (${columns})`;
      found[key] = '';
      return new Writable({
        write: (chunk: Buffer, _encoding, done) => {
          found[key] += chunk.toString('latin1');
          done();
        },
      });
    },
    async (target) => {
      target.end();
      await finished(target);
    },
  );
  return found;
}
const latin = (text: string) => Buffer.from(text).toString('latin1');

test.each([1, 2, 3, 5, 7, 64, 100_000])(
  'reads the rows of each table and nothing else, in chunks of %d bytes',
  async (size) => {
    const bytes = Buffer.from(SCRIPT);
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
      bytes.subarray(index * size, (index + 1) * size),
    );
    expect(await read(chunks)).toEqual({
      'users (id, "full name")': '1\tone\n2\t\\\\.\n3\t\\\\N\n\n',
      'empty (id)': '',
      'Last (id)': latin('日本語\n'),
    });
  },
);

test('a script that ends within a table is refused', async () => {
  await expect(read([Buffer.from(SCRIPT.slice(0, SCRIPT.indexOf('3\t')))])).rejects.toThrow('in the middle of a table');
});

import { escapeFormulas, escapeJsonFormulas } from './csv-formulas';

const escape = (text: string) => escapeFormulas(text, { areNamesEscaped: true });

test.each(['=', '+', '-', '@', '＝', '＋', '－', '＠', '﹦', '﹢', '﹣', '﹫', '−'])(
  'a text that begins with %s is escaped, also behind blanks, NBSP, BOM and control characters',
  (operator) => {
    for (const before of ['', ' ', '  ', '\u00a0', '\ufeff', '\ufeff \u00a0', '\u3000', '\u200b', '\u0000'])
      expect(escape(`${before}${operator}1+1`)).toBe(`'${before}${operator}1+1`);
  },
);

test.each(['\t', '\r', '\n'])('a text that begins with %j is escaped whatever follows', (blank) => {
  expect(escape(`${blank}x`)).toBe(`'${blank}x`);
});

test.each(['=', '+', '-', '@', '＝', '＋', '－', '＠'])(
  'where ; separates cells, a formula with %s that begins behind it or on a new line is escaped too',
  (operator) => {
    for (const separator of [';', '; ', ';\u00a0', ';"', '\n', '\r', '\r\n', '\n ', '\t'])
      expect(escape(`a${separator}${operator}1+1;b`)).toBe(`a${separator}'${operator}1+1;b`);
  },
);

test.each([
  ['\n=1', "'\n'=1"],
  ["x;=cmd|' /C calc'!A0", "x;'=cmd|' /C calc'!A0"],
  ["x\n- cmd|' /C calc'!A0", "x\n'- cmd|' /C calc'!A0"],
  ['x;+ HYPERLINK("http://a")', 'x;\'+ HYPERLINK("http://a")'],
  ['x;=1;=2', "x;'=1;'=2"],
  ['=1;=2', "'=1;'=2"],
  ['x;= heading', "x;'= heading"],
])('%j becomes %j', (text, expected) => expect(escape(text)).toBe(expected));

test.each([
  'plain',
  '',
  '   ',
  'a = b',
  'a-b',
  '5 - 3',
  'me@example.org',
  'well ;-) yes',
  'rule\n---\nend',
  'list:\n- one\n- two\n+ three',
  'an arrow\n-> there',
  'x; y',
  "it's",
])('%j stays as it is', (text) => expect(escape(text)).toBe(text));

test('names that begin with - stay as they are on request, and nothing else does', () => {
  const kept = (text: string) => escapeFormulas(text, { areNamesEscaped: false });
  for (const name of ['-Some_User-', '--', '-größe', '-5'])
    expect([escape(name), kept(name)]).toEqual([`'${name}`, name]);
  for (const text of ['-a b', '-A1+1', '-SUM(1)', "-cmd|'x'!A", '=a', '+a', '@a', ' -a', '-a\n', '－a'])
    expect([text, kept(text)]).toEqual([text, `'${text}`]);
});

test('formulas within JSON are written with its escapes, so that its values stay the same', () => {
  const value = { a: 'x;=1+1', b: ['y;\u00a0-2', '=3', 'z;＝4'], c: -5 };
  const escaped = escapeJsonFormulas(JSON.stringify(value));
  expect(escaped).not.toMatch(/;\s*[=+\-@＝]/);
  expect(JSON.parse(escaped)).toEqual(value);
});

test('long runs of blanks and separators take no longer than their length', () => {
  const text = `x${'\n; '.repeat(400_000)}`;
  expect(escape(`${text}=1`)).toHaveLength(text.length + 3);
});

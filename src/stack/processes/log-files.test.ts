import { closeSync, mkdtempSync, readFileSync, rmSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { lastLogLines, openLog, rotateLogs } from './log-files';

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(os.tmpdir(), 'log-files-'))));
afterEach(() => rmSync(folder, { recursive: true }));

it('keeps the logs of one start before, and reads only the end of a long one', () => {
  const log = path.join(folder, 'api.log');
  const write = (text: string) => {
    const file = openLog(log);
    writeSync(file, text);
    closeSync(file);
  };
  write('first\n');
  rotateLogs(path.dirname(log));
  write('second\n');
  rotateLogs(path.dirname(log));
  expect(readFileSync(log.replace('.log', '.1.log'), 'utf8')).toBe('second\n');
  write(`${'x'.repeat(100_000)}\nlast but one\nlast\n`);
  expect(lastLogLines(log, 2)).toBe('last but one\nlast');
});

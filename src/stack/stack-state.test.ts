import { closeSync, mkdtempSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { lastLogLines, openLog, rotateLogs } from './processes/log-files';
import { redactUrl } from '../platform/startup/start-error';
import { openState } from './stack-state';

describe('the state folder', () => {
  let home: string;
  beforeEach(() => (home = path.join(mkdtempSync(path.join(os.tmpdir(), 'stack-state-')), 'home')));
  afterEach(() => rmSync(path.dirname(home), { recursive: true }));

  it('keeps its secrets and ports, for its owner alone', () => {
    const first = openState(home);
    first.values.ports.temporal = 7233;
    first.save();
    expect(openState(home).values).toEqual(first.values);
    expect(statSync(path.join(home, 'state.json')).mode & 0o777).toBe(0o600);
    expect(statSync(home).mode & 0o777).toBe(0o700);
    expect(first.values.jwtSecret.length).toBeGreaterThanOrEqual(32);
  });

  it('keeps the logs of one start before, and reads only the end of a long one', () => {
    const log = path.join(home, 'logs/api.log');
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
});

it('shows an address without its password', () => {
  expect(redactUrl('postgres://me:se:cr%40t@db.example.org:5432/x')).toBe('postgres://me:***@db.example.org:5432/x');
  expect(redactUrl('redis://:secret@127.0.0.1:6379')).toBe('redis://:***@127.0.0.1:6379');
  expect(redactUrl('redis://127.0.0.1:6379')).toBe('redis://127.0.0.1:6379');
});

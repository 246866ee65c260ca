import { mkdtempSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
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
});

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  findTemporalBinary,
  TEMPORAL_SOURCES,
  temporalCacheFile,
  temporalVersion,
  type TemporalSource,
} from './temporal-binary';

describe('findTemporalBinary', () => {
  let folder: string;
  let cacheFile: string;
  let messages: string[];
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'temporal-binary-'));
    cacheFile = path.join(folder, 'cache/1.0.0/temporal');
    messages = [];
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const find = (sources: TemporalSource[], program = path.join(folder, 'not-there')) =>
    findTemporalBinary({ progress: (text) => messages.push(text), program, cacheFile, sources });
  const yields = (text: string): TemporalSource & { fetched: number } => ({
    name: text,
    fetched: 0,
    async fetch(target) {
      this.fetched += 1;
      writeFileSync(target, text);
    },
  });
  const fails: TemporalSource = {
    name: 'download',
    fetch: async () => Promise.reject(new Error('the host is out of reach')),
  };
  const program = (help: string) => {
    const file = path.join(folder, 'temporal');
    writeFileSync(file, `#!/bin/sh\necho '${help}'\n`, { mode: 0o755 });
    return file;
  };

  it('prefers the one on PATH when it knows every flag', async () => {
    const onPath = program('--sqlite-pragma --dynamic-config-value --db-filename --ui-port --log-level');
    expect(await find([fails], onPath)).toBe(onPath);
  });

  it('passes over an old one with a word', async () => {
    expect(await find([yields('built')], program('--db-filename --ui-port --log-level'))).toBe(cacheFile);
    expect(messages.join('\n')).toMatch(/too old \(it does not know --sqlite-pragma, --dynamic-config-value\)/);
  });

  it('goes on to the next source, and keeps what it yields for the next start', async () => {
    const build = yields('built');
    expect(await find([fails, build])).toBe(cacheFile);
    expect(readFileSync(cacheFile, 'utf8')).toBe('built');
    expect(messages).toContain('download: the host is out of reach');
    expect(await find([fails, build])).toBe(cacheFile);
    expect(build.fetched).toBe(1);
  });

  it('lets the second of two starts wait for the first', async () => {
    const slow = yields('built');
    const build: TemporalSource = {
      name: 'slow',
      fetch: (...args) => new Promise((resolve) => setTimeout(resolve, 300)).then(() => slow.fetch(...args)),
    };
    await Promise.all([find([build]), find([build])]);
    expect(slow.fetched).toBe(1);
  });

  it('gives every reason when nothing helps, and leaves nothing half made', async () => {
    const half: TemporalSource = {
      name: 'build with Go',
      fetch: async (target) => {
        writeFileSync(target, 'half');
        throw new Error('Go is not installed');
      },
    };
    await expect(find([fails, half])).rejects.toThrow(
      /TEMPORAL_ADDRESS\.\n {2}download: the host is out of reach\n {2}build with Go: Go is not installed/,
    );
    expect(existsSync(cacheFile)).toBe(false);
    expect(existsSync(`${cacheFile}.unfinished`)).toBe(false);
  });

  it('leaves nothing of a build that is stopped', async () => {
    const build = TEMPORAL_SOURCES.find((source) => source.name === 'build with Go')!;
    writeFileSync(
      path.join(folder, 'go'),
      '#!/bin/sh\necho "$GOTMPDIR" > "$GOTMPDIR/work"\necho working >&2\nexec sleep 60\n',
      { mode: 0o755 },
    );
    const { PATH } = process.env;
    process.env.PATH = `${folder}:${PATH}`;
    const abort = new AbortController();
    const files = () => readdirSync(path.dirname(cacheFile), { recursive: true }).map(String);
    try {
      const found = findTemporalBinary({
        progress: (text) => messages.push(text),
        signal: abort.signal,
        program: path.join(folder, 'none'),
        cacheFile,
        sources: [build],
      });
      const outcome = expect(found).rejects.toThrow('stopped');
      while (!messages.some((text) => text.includes('working')))
        await new Promise((resolve) => setTimeout(resolve, 20));
      expect(files().some((file) => file.endsWith('/work'))).toBe(true);
      abort.abort(new Error('stopped'));
      await outcome;
      expect(files()).toEqual([]);
    } finally {
      process.env.PATH = PATH;
    }
  });

  it('caches by user and version', () => {
    expect(temporalCacheFile({ XDG_CACHE_HOME: '/cache' })).toBe(
      `/cache/taskloom/temporal/${temporalVersion()}/temporal`,
    );
    expect(temporalVersion()).toMatch(/^\d+\.\d+\.\d+$/);
  });
});

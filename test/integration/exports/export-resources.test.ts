import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { createExportWorkers, ROWS } from '../../support/export-workers';

const DIST = path.resolve(__dirname, '../../../dist/src');

jest.setTimeout(180_000);

const exporting = createExportWorkers();

test('a full disk fails the write with a clear message, and nothing is left', () => {
  const target = path.join(exporting.folder, 'small');
  const script = `
    const { createLocalFileStore } = require('${DIST}/platform/files/local-file-store');
    const content = (async function* () { for (let n = 0; n < 100; n += 1) yield Buffer.alloc(65536); })();
    createLocalFileStore('${target}')
      .write('x.csv', content, new AbortController().signal)
      .then(() => console.log('written'), (error) => console.log(error.name + ': ' + error.message));`;
  // No file of this process may be larger than 256 kB.
  const { stdout } = spawnSync('bash', ['-c', 'ulimit -f 256; exec "$0" -e "$1"', process.execPath, script], {
    encoding: 'utf8',
  });
  expect(stdout.trim()).toBe(`FileStoreFullError: No room is left in ${target} for x.csv; nothing of it was kept`);
  expect(readdirSync(target)).toEqual([]);
});

test.each(['csv', 'excel', 'parquet'])('the memory of a %s export does not grow with its rows', (format) => {
  const script = `
    const load = (name) => require('${DIST}/' + name);
    const { connectClient } = load('platform/postgres/postgres-client');
    const connect = () => connectClient({ url: process.env.DATABASE_URL, applicationName: 'memory' });
    const sources = load('storage/exports/export-source-repository').createExportSourceRepository({ connect });
    const files = load('platform/files/local-file-store').createLocalFileStore('${exporting.folder}/memory');
    const writeFile = load('exports/file-writer').createFileWriter({ sources, files });
    const request = {
      executionId: 1,
      configId: 1,
      startedAt: new Date(),
      source: 'executions',
      format: '${format}',
      compression: 'none',
      filters: { task_types: ['HEALTH_CHECK'] },
      areFormulasEscaped: true,
      areNamesEscaped: true,
      nullText: '',
      expiresInDays: null,
    };
    const run = { signal: new AbortController().signal, onProgress: () => undefined };
    const write = () => writeFile(request, 'memory-${format}', run);
    (async () => {
      let mostBuffers = 0;
      const timer = setInterval(() => (mostBuffers = Math.max(mostBuffers, process.memoryUsage().arrayBuffers)), 10);
      const { rows } = await write();
      clearInterval(timer);
      console.log(JSON.stringify({ rows, mostBuffers }));
    })();`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--max-old-space-size=80', '-e', script], {
    encoding: 'utf8',
    env: { ...process.env, ...exporting.env() },
  });
  expect(stderr).toBe('');
  // All rows together are more than 100 MB. Neither the heap of 80 MB nor the buffers beside it could hold them.
  const { rows, mostBuffers } = JSON.parse(stdout) as { rows: number; mostBuffers: number };
  expect(rows).toBe(ROWS);
  expect(mostBuffers).toBeLessThan(50_000_000);
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { commandLine } from '../../../src/stack/processes/process-table';
import { waitFor } from '../../support/process';
import { type TestDatabase, useTestDatabase } from '../../support/test-database';
import { testServices } from '../../support/test-services';

/** Built by `npm test`. To run this file alone, run `npm run build` first. */
const DIST = path.resolve(__dirname, '../../../dist/src');
const DEAD = 'postgres://me:secret@127.0.0.1:9/x';
const { temporalAddress, storeUrl } = testServices();
const SERVERS = {
  TEMPORAL_ADDRESS: temporalAddress,
  REDIS_URL: storeUrl,
  JWT_SECRET_KEY: 'a secret of this test alone, 32 letters',
  REDDIT_CLIENT_ID: '',
  LOG_LEVEL: 'info',
  PORT: '0',
};

function run(command: string, file: string, env: NodeJS.ProcessEnv, ...args: string[]) {
  const child = spawn('/bin/sh', ['-c', command, process.execPath, path.join(DIST, file), ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { text: '' };
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output.text += chunk.toString()));
  return { child, output };
}

test.each<[string, NodeJS.ProcessEnv, RegExp, ...string[]]>([
  [
    'api/server.js',
    { ...SERVERS, DATABASE_URL: DEAD },
    /^DATABASE_URL: PostgreSQL at postgres:\/\/me:\*\*\*@127.0.0.1:9\/x cannot be used: connection refused/m,
  ],
  [
    'worker/main.js',
    { ...SERVERS, DATABASE_URL: DEAD },
    /^DATABASE_URL: PostgreSQL at .* cannot be used: connection refused/m,
  ],
  [
    'stack/commands/migrate.js',
    { DATABASE_URL: DEAD },
    /^DATABASE_URL: PostgreSQL at .* cannot be used: connection refused/m,
  ],
  [
    'stack/commands/create-admin.js',
    { DATABASE_URL: DEAD, ADMIN_PASSWORD: 'long enough' },
    /^DATABASE_URL: PostgreSQL at .* cannot be used: connection refused/m,
    '--username',
    'me',
    '--email',
    'me@example.org',
  ],
  ['api/server.js', { ...SERVERS, DATABASE_URL: DEAD, JWT_SECRET_KEY: '' }, /^JWT_SECRET_KEY is not set/m],
  ...['api/server.js', 'worker/main.js'].map((file): [string, NodeJS.ProcessEnv, RegExp] => [
    file,
    { ...SERVERS, DATABASE_URL: DEAD, REDDIT_DEFAULT_SUBREDDITS: 'funny,no such name' },
    /^REDDIT_DEFAULT_SUBREDDITS: entry 2 is not the name of a subreddit/m,
  ]),
  ['stack/commands/create-admin.js', {}, /^Unknown option '--foo'[^]*^npm run create-admin -- --username/m, '--foo'],
  ['stack/commands/write-zoneinfo.js', {}, /^Name the file to write, which has to end in \.zip/m, 'zoneinfo.tar'],
])(
  '%s, started alone, exits with a plain message when its configuration is unusable',
  async (file, env, message, ...args) => {
    const { child, output } = run('exec "$0" "$@"', file, env, ...args);
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(1);
    expect(output.text).toMatch(message);
    expect(output.text).not.toContain('secret');
    expect(output.text).not.toMatch(/^ +at /m);
  },
);

test('the Reddit sandbox ends when the npm that runs it ends', async () => {
  const { child, output } = run('"$0" "$@"; true', 'reddit-sandbox/sandbox-main.js', {
    npm_lifecycle_event: 'sandbox',
  });
  const isUp = async () => {
    const url = /at (http:\S+);/.exec(output.text)?.[1];
    return (
      url !== undefined &&
      fetch(`${url}/_sandbox/status`).then(
        ({ ok }) => ok,
        () => false,
      )
    );
  };
  await waitFor(isUp);
  child.kill('SIGTERM');
  await waitFor(async () => !(await isUp()));
});

describe('a program whose servers run', () => {
  let db: TestDatabase;
  useTestDatabase('file', (created) => (db = created));

  test.each([
    ['api/server.js', 'api is ready', ''],
    ['worker/main.js', 'worker is ready', 'REDDIT_CLIENT_ID is not set: every task that asks Reddit will fail'],
  ])(
    '%s ends when the npm that runs it ends, although the shell passes no SIGTERM on',
    async (file, ready, warning) => {
      const { child, output } = run('"$0" "$@"; true', file, {
        ...SERVERS,
        DATABASE_URL: db.url,
        npm_lifecycle_event: 'start',
      });
      await waitFor(async () => output.text.includes(ready));
      expect(output.text).toContain(warning);
      const pid = Number(/"pid":(\d+)/.exec(output.text)?.[1]);
      expect(commandLine(pid)).toContain(file);
      child.kill('SIGTERM');
      await waitFor(async () => !commandLine(pid).includes(file));
      // The last lines may still be in the pipe.
      await waitFor(async () => output.text.includes('has stopped'));
    },
  );
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import getPort from 'get-port';
import { hashPassword } from '../../../src/platform/passwords/password-hash';
import { createRedditSandbox } from '../../../src/reddit-sandbox/sandbox-server';
import { taskTypes } from '../../../src/tasks/registry';
import { startProcess, type TestProcess } from '../../support/process';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';
import { createTestNamespace } from '../../support/temporal-namespace';
import { testServices } from '../../support/test-services';
import type { TemporalConnection } from '../../../src/platform/temporal';

/** The path of the program, which .ci/run installs from PyPI. The test is skipped without it. */
const SCHEMATHESIS = process.env.SCHEMATHESIS;
const ROOT = path.resolve(__dirname, '../../..');
const PASSWORD = 'a password for made-up requests';
const MINUTES = 60_000;
/** Parameters in place of a first example that would run for long. Backups are left out: they are large. */
const QUICK = {
  REDDIT_SCRAPE: { subreddits: ['programming'], posts_limit: 3 },
  REDDIT_DELETION_SYNC: { limit: 1 },
  TEST_TIMEOUT: { sleep_seconds: 1 },
  TEST_SHORT_TIMEOUT: { sleep_seconds: 0 },
  TIMEOUT_MONITOR: { monitor_duration: 0 },
  DATA_BACKUP: undefined,
};

let db: TestDatabase;
let temporal: TemporalConnection;
let sandbox: ReturnType<typeof createRedditSandbox>;
const processes: TestProcess[] = [];
const folder = mkdtempSync(path.join(os.tmpdir(), 'taskloom-fuzz-'));

afterAll(async () => {
  for (const one of processes.reverse()) await one.kill();
  await sandbox?.close();
  await temporal?.close();
  await db?.drop();
  rmSync(folder, { recursive: true, force: true });
});

/** Starts the API and a worker on their own database and namespace, with an admin. */
async function startTaskloom(): Promise<{ url: string; userId: number }> {
  [db, temporal] = await Promise.all([createTestDatabase(), createTestNamespace()]);
  sandbox = createRedditSandbox({ seed: 'fuzz', scale: { posts: 20, commentsPerPost: 5 } });
  const reddit = await sandbox.listen({ port: 0, host: '127.0.0.1' });
  const [user] = await db
    .database('users')
    .insert({
      username: 'fuzz',
      email: 'fuzz@example.org',
      hashed_password: await hashPassword(PASSWORD),
      role: 'admin',
    })
    .returning<{ id: number }[]>('id');
  const port = await getPort({ host: '127.0.0.1' });
  const env = {
    PORT: String(port),
    DATABASE_URL: db.url,
    REDIS_URL: testServices().storeUrl,
    TEMPORAL_ADDRESS: testServices().temporalAddress,
    TEMPORAL_NAMESPACE: temporal.namespace,
    TEMPORAL_TASK_QUEUE: `fuzz-${randomUUID()}`,
    JWT_SECRET_KEY: randomUUID(),
    // Schemathesis sends hundreds of failing logins and registrations.
    LIMIT_ATTEMPTS: 'false',
    SMTP_HOST: '',
    REDDIT_CLIENT_ID: 'sandbox',
    REDDIT_OAUTH_BASE_URL: reddit.url,
    REDDIT_WWW_BASE_URL: reddit.url,
    REDDIT_IS_SANDBOX: 'true',
    WORKER_SHUTDOWN_GRACE_SECONDS: '1',
    LOG_LEVEL: 'warn',
  };
  processes.push(await startProcess('worker/main.js', env), await startProcess('api/server.js', env));
  return { url: `http://127.0.0.1:${port}`, userId: user?.id ?? 0 };
}

async function run(
  program: string,
  args: string[],
  env: NodeJS.ProcessEnv,
): Promise<{ code: number | null; output: string }> {
  const child = spawn(program, args, {
    cwd: ROOT,
    env: { PATH: process.env.PATH, HOME: folder, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await Promise.race([
    once(child, 'close'),
    once(child, 'error').then(([error]) => Promise.reject(error as Error)),
  ])) as [number | null];
  return { code, output };
}

(SCHEMATHESIS ? test : test.skip)(
  'the API answers generated requests as its document says (skipped unless SCHEMATHESIS names the program)',
  async () => {
    const { url, userId } = await startTaskloom();
    const args = [
      '--config-file',
      'test/fuzz/schemathesis.toml',
      'run',
      `${url}/openapi.json`,
      '--checks',
      'all',
      '--no-color',
    ];
    const { code, output } = await run(SCHEMATHESIS ?? '', args, {
      FUZZ_USERNAME: 'fuzz',
      FUZZ_PASSWORD: PASSWORD,
      FUZZ_USER_ID: String(userId),
      FUZZ_PARAMETERS: JSON.stringify({
        ...Object.fromEntries(taskTypes.map(({ name, examples }) => [name, examples.accepted[0]])),
        ...QUICK,
      }),
      PYTHONPATH: path.join(ROOT, 'test/fuzz'),
      PYTHONDONTWRITEBYTECODE: '1',
    });
    if (process.env.FUZZ_SHOW || code !== 0) process.stderr.write(`${output}\n`);
    expect(processes.map(({ child }) => child.exitCode ?? child.signalCode)).toEqual([null, null]);
    expect(code).toBe(0);
    // Every operation was tested: a filter that leaves operations out would pass as well.
    const [selected, total, tested] = /Selected: (\d+)\/(\d+)\n +Tested: (\d+)\n/.exec(output)?.slice(1) ?? [];
    expect(Number(total)).toBeGreaterThan(50);
    expect([selected, tested]).toEqual([total, total]);
  },
  12 * MINUTES,
);

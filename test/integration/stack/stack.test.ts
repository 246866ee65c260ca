import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandLine } from '../../../src/stack/processes/process-table';

/** Built by `npm test`. To run this file alone, run `npm run build` first. */
const MAIN = path.resolve(__dirname, '../../../dist/src/stack/commands/start.js');

/** Variables that configure the stack: the test starts without them. */
const CONFIGURATION = new RegExp(
  '^(DATABASE_URL|POSTGRES_|REDIS_|TEMPORAL_|REDDIT_|SMTP_|EMAIL_|ADMIN_|BACKEND_PORT|JWT_SECRET|SECRET_KEY)',
);

jest.setTimeout(240_000);

describe('npm start on a machine where nothing is prepared', () => {
  const home = mkdtempSync(path.join(os.tmpdir(), 'stack-home-'));
  const started: ChildProcess[] = [];
  chmodSync(home, 0o700);

  afterAll(async () => {
    for (const child of started.filter((each) => each.exitCode === null && each.signalCode === null)) {
      child.kill('SIGTERM');
      await new Promise((resolve) => child.once('exit', resolve));
    }
    const state = path.join(home, 'state.json');
    const { postgresFolder } = existsSync(state) ? JSON.parse(readFileSync(state, 'utf8')) : {};
    for (const folder of [home, postgresFolder].filter(Boolean)) rmSync(folder, { recursive: true, force: true });
  });

  /** Starts the stack through a shell, as npm does. The shell runs `command` with the program as $0 and $1. */
  function launch(command = 'exec "$0" "$1"') {
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !CONFIGURATION.test(name)));
    const child = spawn('/bin/sh', ['-c', command, process.execPath, MAIN], {
      env: { ...env, npm_lifecycle_event: 'start', TASKLOOM_HOME: home, PORT: '0', LOG_LEVEL: 'info' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    started.push(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const exited = new Promise<number | string>((resolve) =>
      child.once('exit', (code, signal) => resolve(signal ?? code ?? -1)),
    );
    const ready = async () => {
      const outcome = await Promise.race([exited, until(async () => output.includes('Ready after'))]);
      if (outcome !== true) throw new Error(`the start ended with ${outcome}:\n${output}`);
      return {
        apiUrl: /API +│ (http\S+)\/api\/v1/.exec(output)![1]!,
        password: /Password +│ (\S+)/.exec(output)?.[1],
        mailUrl: /Mail +│ (http\S+)/.exec(output)?.[1],
      };
    };
    return { child, exited, ready, output: () => output };
  }

  async function until(check: () => Promise<boolean>): Promise<true> {
    for (const end = Date.now() + 120_000; !(await check()); await sleep(100))
      if (Date.now() > end) throw new Error('waited in vain');
    return true;
  }

  /**
   * The command lines of the processes of this stack. Each of its servers has the state folder, the PostgreSQL folder
   * or a port from state.json in its command line.
   */
  function running(): string[] {
    const { ports, postgresFolder } = JSON.parse(readFileSync(path.join(home, 'state.json'), 'utf8'));
    const marks = [home, postgresFolder, `127.0.0.1:${ports.redis}`].filter(Boolean);
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return pids.map((pid) => commandLine(Number(pid))).filter((line) => marks.some((mark) => line.includes(mark)));
  }

  async function client(apiUrl: string, password: string) {
    const call = async (route: string, init: RequestInit = {}) => {
      const response = await fetch(`${apiUrl}/api/v1${route}`, init);
      // eslint-disable-next-line @typescript-eslint/no-explicit-any
      return { status: response.status, body: (await response.json()) as Record<string, any> };
    };
    const login = await call('/auth/login', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'admin', password }),
    });
    expect(login.status).toBe(200);
    return (route: string) => call(route, { headers: { authorization: `Bearer ${login.body.access_token}` } });
  }

  it('runs a demo, refuses a second start, recovers after a kill, and leaves no process behind', async () => {
    const first = launch();
    const { apiUrl, password, mailUrl } = await first.ready();
    expect(password).toBeDefined();
    const get = await client(apiUrl, password!);
    const configs = await get('/tasks/configs');
    expect(configs).toMatchObject({
      status: 200,
      body: { items: [{ task_type: 'REDDIT_SCRAPE', scheduler_type: 'interval', schedule_status: 'active' }] },
    });
    await until(async () => (await get('/reddit/posts?limit=1')).body.length === 1);
    // The Temporal that the stack starts has the stack's own rules of time zones.
    const { time_zones } = (await get('/tasks/system/status')).body;
    expect(time_zones).toMatchObject({ temporal_version: time_zones.version, differing_zones: [], warning: null });

    // Without a mail server, the page of the mail catcher shows the link of a password reset.
    const mails = async () =>
      ((await (await fetch(`${mailUrl}/api/mails`)).json()) as { mails: { subject: string; to: string[] }[] }).mails;
    const forgot = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'admin@taskloom.local' }),
    };
    expect((await fetch(`${apiUrl}/api/v1/auth/forgot-password`, forgot)).status).toBe(200);
    await until(async () => (await mails()).length === 1);
    expect(await mails()).toMatchObject([
      { to: ['admin@taskloom.local'], subject: 'Reset your Taskloom password / 重置 Taskloom 密码' },
    ]);

    const second = launch();
    expect(await second.exited).toBe(1);
    expect(second.output()).toContain(`Another Taskloom process (pid ${first.child.pid}, serving ${apiUrl}) uses `);

    // A killed stack cannot stop its processes. API and worker end by themselves; the next start replaces the servers.
    first.child.kill('SIGKILL');
    await first.exited;
    await until(async () =>
      fetch(apiUrl).then(
        () => false,
        () => true,
      ),
    );
    const third = launch();
    const again = await third.ready();
    expect(again).toEqual({ apiUrl, password: undefined, mailUrl });
    expect(await mails()).toHaveLength(1);
    const getAgain = await client(again.apiUrl, password!);
    expect((await getAgain('/tasks/configs')).body.total).toBe(1);
    expect((await getAgain('/reddit/posts?limit=1')).body).toHaveLength(1);

    third.child.kill('SIGTERM');
    expect(await third.exited).toBe(0);
    if (process.platform === 'linux') expect(running()).toEqual([]);
    await expect(fetch(apiUrl)).rejects.toThrow();

    // npm sends SIGTERM to a shell that does not pass it on.
    const fourth = launch('"$0" "$1"; true');
    await until(async () => fourth.output().includes('Redis: '));
    fourth.child.kill('SIGTERM');
    await fourth.exited;
    await until(async () => !existsSync(path.join(home, 'running.json')));
    expect(fourth.output()).toContain('Everything has stopped.');
    if (process.platform === 'linux') expect(running()).toEqual([]);
  });
});

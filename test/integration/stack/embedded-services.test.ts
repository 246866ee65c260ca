import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { Client as PostgresClient } from 'pg';
import { createKeyValueStore } from '../../../src/platform/key-value-store/create-key-value-store';
import { connectTemporal } from '../../../src/platform/temporal';
import { startEmbeddedPostgres } from '../../../src/stack/servers/embedded-postgres';
import { findRedisProgram, startEmbeddedRedis } from '../../../src/stack/servers/embedded-redis';
import { startEmbeddedTemporal } from '../../../src/stack/servers/embedded-temporal';
import { findTemporalBinary } from '../../../src/stack/servers/temporal-binary';
import { waitFor } from '../../support/process';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'embedded-'));
  // When the tests run as root, PostgreSQL runs as another user, who must be able to enter the folder.
  chmodSync(root, 0o711);
});
afterEach(() => rmSync(root, { recursive: true }));
const place = () => ({
  folder: path.join(root, 'service'),
  logFile: path.join(root, 'service.log'),
  password: 'pass-word',
});

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new PostgresClient({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

describe('embedded PostgreSQL', () => {
  it('keeps its data and its port over a restart, and requires the password', async () => {
    const first = await startEmbeddedPostgres({ ...place(), unsafeNoSync: true });
    await query(first.url, 'create table kept (n int); insert into kept values (41), (42)');
    await expect(query(first.url.replace('pass-word', 'wrong'), 'select 1')).rejects.toThrow(
      'password authentication failed',
    );
    await first.stop();

    const second = await startEmbeddedPostgres({ ...place(), port: first.port, unsafeNoSync: true });
    try {
      expect(second.url).toBe(first.url);
      expect(second.replacedLeftover).toBe(false);
      expect(await query(second.url, 'select n from kept order by n')).toEqual([{ n: 41 }, { n: 42 }]);
    } finally {
      await second.stop();
    }
  });

  it('replaces a server that a killed start left running', async () => {
    const left = await startEmbeddedPostgres({ ...place(), unsafeNoSync: true });
    await query(left.url, 'create table kept (n int)');
    const next = await startEmbeddedPostgres({ ...place(), port: left.port, unsafeNoSync: true });
    try {
      expect(next.replacedLeftover).toBe(true);
      expect(next.pid).not.toBe(left.pid);
      expect(next.port).toBe(left.port);
      expect(await query(next.url, 'select * from kept')).toEqual([]);
    } finally {
      await next.stop();
    }
    await left.exited;
  });

  it('starts when an unrelated process has the pid of its lock file, and after a killed initdb', async () => {
    const half = path.join(root, 'service/data.unfinished');
    mkdirSync(half, { recursive: true });
    chmodSync(path.dirname(half), 0o711);
    writeFileSync(path.join(half, 'PG_VERSION'), '18\n');
    const server = await startEmbeddedPostgres({ ...place(), unsafeNoSync: true });
    await server.stop();

    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' });
    try {
      writeFileSync(path.join(root, 'service/data/postmaster.pid'), `${stranger.pid}\n`);
      const again = await startEmbeddedPostgres({ ...place(), unsafeNoSync: true });
      await again.stop();
      expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
    } finally {
      stranger.kill('SIGKILL');
    }
  });

  it('names the cause when it does not start', async () => {
    mkdirSync(path.join(root, 'service/data'), { recursive: true });
    await expect(startEmbeddedPostgres({ ...place(), unsafeNoSync: true })).rejects.toThrow(
      /PostgreSQL does not start: exit code 2\n.*postgresql.conf/,
    );
  });
});

it('embedded Temporal keeps its schedules over a kill and a restart', async () => {
  const binary = await findTemporalBinary({ progress: () => undefined });
  const first = await startEmbeddedTemporal({ ...place(), binary });
  const address = (server: { address: string }) => ({
    address: server.address,
    namespace: 'default',
    connection: { address: server.address },
  });
  const before = await connectTemporal(address(first));
  await before.client.schedule.create({
    scheduleId: 'kept',
    spec: { intervals: [{ every: '1h' }] },
    action: { type: 'startWorkflow', workflowType: 'none', taskQueue: 'none' },
  });
  await before.close();
  process.kill(first.pid, 'SIGKILL');
  await first.exited;

  const second = await startEmbeddedTemporal({ ...place(), binary, port: first.port, uiPort: first.uiPort });
  try {
    expect(second.address).toBe(first.address);
    const after = await connectTemporal(address(second));
    expect((await after.client.schedule.getHandle('kept').describe()).scheduleId).toBe('kept');
    await after.close();
    expect((await fetch(second.uiUrl)).status).toBe(200);
  } finally {
    await second.stop();
  }
});

it('embedded Temporal takes another port when another process binds the chosen one first', async () => {
  const binary = path.join(root, 'slow-temporal');
  const temporal = await findTemporalBinary({ progress: () => undefined });
  const [asked, lost] = ['asked', 'lost'].map((name) => path.join(root, name)) as [string, string];
  const script = [
    '#!/bin/sh',
    `echo "$@" >> '${asked}'`,
    `while [ ! -e '${lost}' ]; do sleep 0.05; done`,
    `exec '${temporal}' "$@"`,
    '',
  ];
  writeFileSync(binary, script.join('\n'), { mode: 0o755 });
  const starting = startEmbeddedTemporal({ ...place(), binary });
  const first = await waitFor(
    async () => existsSync(asked) && /--port (\d+) --ui-port (\d+)/.exec(readFileSync(asked, 'utf8')),
  );
  const other = createServer((socket) => socket.destroy()).listen(Number(first[1]), '127.0.0.1');
  await once(other, 'listening');
  writeFileSync(lost, '');
  const server = await starting;
  try {
    expect(server.port).not.toBe(Number(first[1]));
    expect(server.uiPort).toBe(Number(first[2]));
    await (
      await connectTemporal({ address: server.address, namespace: 'default', connection: { address: server.address } })
    ).close();
  } finally {
    other.close();
    await server.stop();
  }
});

(findRedisProgram() ? it : it.skip)('embedded Redis keeps its values over a restart', async () => {
  const first = await startEmbeddedRedis(place());
  const key = randomBytes(4).toString('hex');
  const before = createKeyValueStore(first.url);
  await before.set(key, 'kept');
  await before.close();
  // The first server is not stopped, so that the next start finds it running.
  const second = await startEmbeddedRedis({ ...place(), port: first.port });
  const after = createKeyValueStore(second.url);
  try {
    expect(await after.get(key)).toBe('kept');
    expect(second.url).toBe(first.url);
  } finally {
    await after.close();
    await second.stop();
  }
});

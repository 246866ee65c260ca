import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import type { Readable } from 'node:stream';

export interface PgDumpRequest {
  url: string;
  /** The result of pg_export_snapshot(). */
  snapshot: string;
  /** Schemas to leave out. */
  otherSchemas: string[];
  signal: AbortSignal;
}

/** The variables that PostgreSQL's programs need, without Taskloom's secrets. */
function environment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const passed = Object.entries(process.env).filter(([name]) =>
    /^(PATH|HOME|LANG|LC_\w+|TZ|TMPDIR|SYSTEMROOT|PG(SSL\w+|PASSFILE|SERVICE\w*|GSS\w+|KRB\w+))$/i.test(name),
  );
  return { ...Object.fromEntries(passed), ...extra };
}

/** The major version of a program on the PATH, or undefined when there is none. */
export async function programVersion(program: 'pg_dump' | 'pg_restore'): Promise<number | undefined> {
  try {
    const { stdout } = await promisify(execFile)(program, ['--version'], { env: environment(), timeout: 10_000 });
    const major = /\(PostgreSQL\) (\d+)/.exec(stdout)?.[1];
    return major === undefined ? undefined : Number(major);
  } catch {
    return undefined;
  }
}

/**
 * A stream of an archive in pg_dump's custom format, which is compressed already. `done` rejects with the program's
 * output on stderr. The archive is to restore into an empty database by pg_restore alone. Naming the schema to dump
 * would leave out the extensions, and create the schema `public`, which every database has; so the others are left out
 * by name. Comments on extensions may be changed by their owner only.
 */
export function startDump({ url, snapshot, otherSchemas, signal }: PgDumpRequest): {
  archive: Readable;
  done: Promise<void>;
} {
  const target = new URL(url);
  const password = decodeURIComponent(target.password);
  // Every user of the machine can read a program's arguments.
  target.password = '';
  const env = environment({ PGAPPNAME: 'taskloom-backup', ...(password ? { PGPASSWORD: password } : {}) });
  return start(
    'pg_dump',
    [
      '--format=custom',
      '--no-owner',
      '--no-privileges',
      '--no-password',
      '--no-unlogged-table-data',
      '--no-comments',
      '--no-publications',
      '--no-subscriptions',
      ...otherSchemas.map((name) => `--exclude-schema="${name.replaceAll('"', '""')}"`),
      `--snapshot=${snapshot}`,
      `--dbname=${target.toString()}`,
    ],
    env,
    signal,
  );
}

/** The archive's rows as an SQL script. restore/dump-script.ts reads its COPY blocks. */
export function startReadingArchive(archive: string): { script: Readable; done: Promise<void> } {
  const { archive: script, done } = start('pg_restore', ['--data-only', '--file=-', archive], environment());
  return { script, done };
}

function start(
  program: string,
  args: string[],
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): { archive: Readable; done: Promise<void> } {
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const stop = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', stop, { once: true });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4_000)));
  const done = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, ended) => {
      signal?.removeEventListener('abort', stop);
      if (code === 0) resolve();
      else reject(new Error(`${program} ended with ${code ?? ended}: ${said.trim()}`));
    });
  });
  // When the stream breaks off, its reader fails before the caller awaits `done`. This prevents an unhandled rejection.
  done.catch(() => undefined);
  return { archive: child.stdout, done };
}

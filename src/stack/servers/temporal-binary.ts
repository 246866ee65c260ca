import { execFile, spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { lock } from 'proper-lockfile';
import { projectFolder } from '../project-folder';
import { StartError } from '../../platform/startup/start-error';

const run = promisify(execFile);
const TOOLS = path.join(projectFolder, 'tools');
const PACKAGE = 'github.com/temporalio/cli';
const NEEDED_FLAGS = ['--sqlite-pragma', '--dynamic-config-value', '--db-filename', '--ui-port', '--log-level'];

/** A download that receives no byte for this long has failed. */
const DOWNLOAD_SILENCE_MS = 15_000;

export type Progress = (text: string) => void;

/** The version that tools/go.mod pins. */
export function temporalVersion(): string {
  const found = readFileSync(path.join(TOOLS, 'go.mod'), 'utf8').match(new RegExp(`${PACKAGE} v(\\S+)`));
  if (!found?.[1]) throw new Error(`tools/go.mod does not name ${PACKAGE}`);
  return found[1];
}

/**
 * The cached program of a version. All clones of a user share it, so that a second clone downloads and builds nothing.
 */
export function temporalCacheFile(env: NodeJS.ProcessEnv = process.env): string {
  const caches =
    env.XDG_CACHE_HOME ||
    (process.platform === 'darwin' ? path.join(os.homedir(), 'Library/Caches') : path.join(os.homedir(), '.cache'));
  return path.join(caches, 'taskloom', 'temporal', temporalVersion(), 'temporal');
}

export interface TemporalSource {
  name: string;
  /** Puts the program at `target`. Throws an error with the reason when it cannot. */
  fetch(target: string, progress: Progress, signal?: AbortSignal): Promise<void>;
}

export const TEMPORAL_SOURCES: readonly TemporalSource[] = [
  { name: 'download', fetch: download },
  { name: 'build with Go', fetch: buildWithGo },
];

/**
 * The path of a `temporal` program: the one on PATH, else the cached one, else one from the first source that yields
 * it, which is then cached. Throws a StartError when there is none.
 */
export async function findTemporalBinary(options: {
  progress: Progress;
  signal?: AbortSignal;
  program?: string;
  cacheFile?: string;
  sources?: readonly TemporalSource[];
}): Promise<string> {
  const { progress, signal, program = 'temporal', cacheFile = temporalCacheFile() } = options;
  const lacking = await lackingFlags(program);
  if (lacking?.length === 0) return program;
  if (lacking) progress(`the temporal on PATH is too old (it does not know ${lacking.join(', ')}): not used`);
  if (existsSync(cacheFile)) return cacheFile;

  mkdirSync(path.dirname(cacheFile), { recursive: true });
  // When two clones start at once, the second waits for the program of the first.
  const release = await waitForLock(cacheFile, progress, signal);
  try {
    if (!existsSync(cacheFile)) await fetchInto(cacheFile, options.sources ?? TEMPORAL_SOURCES, progress, signal);
    return cacheFile;
  } finally {
    await release();
  }
}

/**
 * Takes the program from the first source that yields it. Throws a StartError with the reason of each when none does.
 */
async function fetchInto(
  cacheFile: string,
  sources: readonly TemporalSource[],
  progress: Progress,
  signal: AbortSignal | undefined,
): Promise<void> {
  const unfinished = `${cacheFile}.unfinished`;
  const reasons: string[] = [];
  for (const source of sources) {
    try {
      await source.fetch(unfinished, (text) => progress(`${source.name}: ${text}`), signal);
      chmodSync(unfinished, 0o755);
      renameSync(unfinished, cacheFile);
      return;
    } catch (error) {
      rmSync(unfinished, { force: true });
      signal?.throwIfAborted();
      const reason = `${source.name}: ${(error as Error).message}`;
      reasons.push(reason);
      progress(reason);
    }
  }
  const list = reasons.map((reason) => `  ${reason}`).join('\n');
  throw new StartError(
    `No Temporal server to be had. Install the Temporal CLI or Go, or set TEMPORAL_ADDRESS.\n${list}`,
  );
}

async function waitForLock(cacheFile: string, progress: Progress, signal?: AbortSignal): Promise<() => Promise<void>> {
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await lock(cacheFile, { realpath: false, stale: 30_000 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error;
      progress('another start is fetching the server; waiting for it');
      await sleep(1_000, undefined, { signal });
    }
  }
}

/** The needed flags that the program does not know; undefined when there is no such program. */
async function lackingFlags(program: string): Promise<string[] | undefined> {
  try {
    const { stdout } = await run(program, ['server', 'start-dev', '--help'], { timeout: 10_000 });
    return NEEDED_FLAGS.filter((flag) => !stdout.includes(flag));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : NEEDED_FLAGS;
  }
}

/**
 * Uses the downloader of Temporal's SDK. It unpacks while it reads, so a file that does not grow means that no data
 * arrives.
 */
async function download(target: string, progress: Progress, signal?: AbortSignal): Promise<void> {
  const folder = `${target}.download`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { TestWorkflowEnvironment } = await import('@temporalio/testing');
  let outcome: Error | 'done' | undefined;
  void TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'cached-download', downloadDir: folder, version: `v${temporalVersion()}` } },
  })
    .then((environment) => environment.teardown())
    .then(
      () => (outcome = 'done'),
      (error: Error) => (outcome = error),
    );
  try {
    let size = 0;
    for (let silentSince = Date.now(); !outcome; await sleep(250, undefined, { signal })) {
      const now = readdirSync(folder).reduce((sum, file) => sum + statSync(path.join(folder, file)).size, 0);
      if (now !== size) silentSince = Date.now();
      size = now;
      progress(size === 0 ? 'waiting for the server' : `${Math.round(size / 1e6)} MB`);
      if (Date.now() - silentSince > DOWNLOAD_SILENCE_MS)
        throw new Error(`nothing came in for ${DOWNLOAD_SILENCE_MS / 1000} s`);
    }
    const file = readdirSync(folder).find((name) => !name.endsWith('.downloading'));
    if (!file) throw outcome instanceof Error ? outcome : new Error('it left no file');
    copyFileSync(path.join(folder, file), target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function buildWithGo(target: string, progress: Progress, signal?: AbortSignal): Promise<void> {
  // A go command that is stopped leaves hundreds of megabytes of working files behind, so it gets a folder of its own.
  const workFolder = `${target}.go-build`;
  rmSync(workFolder, { recursive: true, force: true });
  mkdirSync(workFolder, { recursive: true });
  const child = spawn('go', ['build', '-v', '-trimpath', '-ldflags=-s -w', '-o', target, `${PACKAGE}/cmd/temporal`], {
    cwd: TOOLS,
    env: { ...process.env, GOTMPDIR: workFolder },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  // The signal goes to the process group, so that the compilers stop with go.
  const abort = () => void (child.pid && process.kill(-child.pid, 'SIGTERM'));
  signal?.addEventListener('abort', abort);
  let packages = 0;
  let lastLine = '';
  progress('takes 3 to 4 minutes the first time');
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    for (const line of text.split('\n').filter(Boolean)) {
      lastLine = line;
      packages += 1;
    }
    progress(`${packages} packages, ${lastLine.trim()}`);
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'ENOENT' ? new Error('Go is not installed') : error),
    );
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`go build: exit code ${code}: ${lastLine}`)),
    );
  });
  await ended.finally(() => {
    signal?.removeEventListener('abort', abort);
    // The compilers may still be writing for a moment, hence the retries.
    rmSync(workFolder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  });
}

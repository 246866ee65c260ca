import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { lock } from 'proper-lockfile';
import { identityOf, isAlive, type ProcessIdentity } from './process-table';
import { StartError } from '../../platform/startup/start-error';

interface Holder extends ProcessIdentity {
  /** What it does, for messages: 'serving http://127.0.0.1:8000'. */
  purpose: string;
}

/**
 * Lets one stack run per state folder. The holder is recorded by pid and start time, so a killed one blocks nothing.
 */
export async function lockStack(home: string, purpose: string): Promise<() => void> {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const file = path.join(home, 'running.json');
  // This lock guards only the reading and writing of the file, which names the holder.
  const release = await lock(file, {
    realpath: false,
    stale: 5_000,
    retries: { retries: 20, minTimeout: 100, maxTimeout: 500 },
  });
  try {
    const holder = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Holder) : undefined;
    if (holder && holder.pid !== process.pid && isAlive(holder)) {
      throw new StartError(
        `Another Taskloom process (pid ${holder.pid}, ${holder.purpose}) uses ${home}.\n` +
          'Stop it first, or start this one with another TASKLOOM_HOME and PORT.',
      );
    }
    writeFileSync(file, JSON.stringify({ ...identityOf(process.pid), purpose } satisfies Holder));
  } finally {
    await release();
  }
  return () => rmSync(file, { force: true });
}

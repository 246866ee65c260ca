import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { lock } from 'proper-lockfile';
import { identityOf, isAlive, type ProcessIdentity } from './process-table';
import { StartError } from '../../platform/startup/start-error';

interface Holder extends ProcessIdentity {
  address: string;
}

/** One stack a state folder. A holder that was killed holds nothing: it is known by its pid and its start time. */
export async function lockStack(home: string, address: string): Promise<() => void> {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const file = path.join(home, 'running.json');
  // Guards the look and the write only; who runs is told by the file.
  const release = await lock(file, {
    realpath: false,
    stale: 5_000,
    retries: { retries: 20, minTimeout: 100, maxTimeout: 500 },
  });
  try {
    const holder = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Holder) : undefined;
    if (holder && holder.pid !== process.pid && isAlive(holder)) {
      throw new StartError(
        `Taskloom is running already: process ${holder.pid} serves ${holder.address} from ${home}.\nStop it first, or start this one with another TASKLOOM_HOME and PORT.`,
      );
    }
    writeFileSync(file, JSON.stringify({ ...identityOf(process.pid), address } satisfies Holder));
  } finally {
    await release();
  }
  return () => rmSync(file, { force: true });
}

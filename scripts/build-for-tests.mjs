// The tests start programs from `dist`. This builds the present sources there, unless they are built already.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildForTests, isBuiltForTests } from './build-step.mjs';
import { withLock } from './prepare-lock.mjs';
import { stopSignal } from './stop-signal.mjs';

const project = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const signal = stopSignal();
const buildOnce = async () => {
  if (!isBuiltForTests(project)) await buildForTests(project, signal);
};

if (!isBuiltForTests(project)) await withLock(path.join(project, '.taskloom'), buildOnce, signal);

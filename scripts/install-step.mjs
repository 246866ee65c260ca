import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { runLongStep } from './long-step.mjs';

/**
 * At the very end of an installation npm records it in node_modules/.package-lock.json. The dependencies are current
 * when that file names every package of package-lock.json.
 */
export function areDependenciesCurrent(project) {
  const installedFile = path.join(project, 'node_modules/.package-lock.json');
  if (!existsSync(installedFile)) return false;
  const packagesOf = (file) => JSON.parse(readFileSync(file, 'utf8')).packages;
  const installed = packagesOf(installedFile);
  return Object.entries(packagesOf(path.join(project, 'package-lock.json'))).every(([name, wanted]) => {
    if (name === '' || wanted.link) return true;
    // A package for another platform is not installed.
    return installed[name]
      ? installed[name].version === wanted.version
      : wanted.optional === true || wanted.peer === true;
  });
}

export async function installDependencies(project, signal) {
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm'];
  await runLongStep(
    'Installing the dependencies (npm ci)',
    [...npm, 'ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'],
    project,
    signal,
  );
}

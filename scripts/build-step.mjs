import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runLongStep } from './long-step.mjs';

const SOURCES = [
  'src',
  'migrations',
  'bench',
  'tsconfig.json',
  'tsconfig.build.json',
  'package.json',
  'package-lock.json',
];
const STAMP = '.sources.sha256';
/** Follows the hash in the stamp of a build whose types nobody has checked. `npm start` builds such sources again. */
const FOR_TESTS = ' for tests';

/**
 * A hash of the contents, because times mislead: a checkout touches files, and after switching back to a branch the
 * build of the other one must not stay.
 * @public A test calls it in another process.
 */
export function sourcesHash(project) {
  const hash = createHash('sha256').update(process.version.split('.')[0]);
  const add = (name) => {
    const file = path.join(project, name);
    if (!existsSync(file)) return;
    hash.update(`${name}\0`).update(readFileSync(file)).update('\0');
  };
  for (const source of SOURCES) {
    if (path.extname(source)) add(source);
    else if (existsSync(path.join(project, source))) {
      const files = readdirSync(path.join(project, source), { recursive: true });
      files
        .filter((file) => /\.(ts|json)$/.test(file) && !file.endsWith('.test.ts'))
        .sort()
        .forEach((file) => add(path.join(source, file)));
    }
  }
  return hash.digest('hex');
}

function stampOf(project) {
  const stamp = path.join(project, 'dist', STAMP);
  return existsSync(stamp) ? readFileSync(stamp, 'utf8') : undefined;
}

export function isBuildCurrent(project) {
  return stampOf(project) === sourcesHash(project);
}

/** Whether `dist` has the present sources, with their types checked or not. */
export function isBuiltForTests(project) {
  const hash = sourcesHash(project);
  return [hash, `${hash}${FOR_TESTS}`].includes(stampOf(project));
}

/** Bundles the compiled workflows in a folder into the file that the worker runs them from. */
export async function bundleWorkflows(project, folder, signal) {
  await runLongStep(
    'Bundling the workflows',
    [process.execPath, path.join(folder, 'src/worker/build-workflow-bundle.js')],
    project,
    signal,
  );
}

/** Marks the build as unknown, so that the next `npm start` or `npm test` builds again. */
export function forgetBuild(project) {
  rmSync(path.join(project, 'dist', STAMP), { force: true });
}

export function build(project, signal) {
  const compile = (folder) =>
    runLongStep(
      'Building',
      [
        process.execPath,
        path.join(project, 'node_modules/typescript/bin/tsc'),
        '-p',
        'tsconfig.build.json',
        '--outDir',
        folder,
        '--incremental',
        'false',
        '--tsBuildInfoFile',
        'null',
      ],
      project,
      signal,
    );
  return replaceBuild(project, compile, { signal });
}

/** Builds without checking types, which takes ten times as long and has a step of its own in `npm test`. */
export function buildForTests(project, signal) {
  const compile = (folder) =>
    runLongStep(
      'Building for the tests',
      [process.execPath, path.join(project, 'scripts/transpile.mjs'), folder],
      project,
      signal,
    );
  return replaceBuild(project, compile, { suffix: FOR_TESTS, signal });
}

/** Builds into another folder and then swaps: no stale file remains, and a failed build keeps the last good one. */
async function replaceBuild(project, compile, { suffix = '', signal }) {
  const folder = path.join(project, 'dist.new');
  const hash = sourcesHash(project);
  rmSync(folder, { recursive: true, force: true });
  await compile(folder);
  await bundleWorkflows(project, folder, signal);
  writeFileSync(path.join(folder, STAMP), `${hash}${suffix}`);
  rmSync(path.join(project, 'dist'), { recursive: true, force: true });
  renameSync(folder, path.join(project, 'dist'));
}

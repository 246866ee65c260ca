import { existsSync } from 'node:fs';
import path from 'node:path';

/**
 * The clone's own folder: the sources run from src/stack, the build from dist/src/stack. (dist/ has a package.json
 * too.)
 */
export const projectFolder =
  [path.resolve(__dirname, '../..'), path.resolve(__dirname, '../../..')].find((folder) =>
    existsSync(path.join(folder, 'package-lock.json')),
  ) ?? process.cwd();

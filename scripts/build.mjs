import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from './build-step.mjs';
import { stopSignal } from './stop-signal.mjs';

build(path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..'), stopSignal()).catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});

// `node scripts/transpile.mjs FOLDER`: compiles each source by itself into FOLDER, in the form that tsc gives it.
import { transformFile } from '@swc/core';
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const folder = path.resolve(process.argv[2]);

/** `import()` stays, because it loads ES modules. */
const options = {
  configFile: false,
  swcrc: false,
  jsc: { parser: { syntax: 'typescript' }, target: 'es2022', keepClassNames: true },
  module: { type: 'commonjs', ignoreDynamic: true },
  sourceMaps: true,
};

async function transpile(file) {
  const output = path.join(folder, file.replace(/\.ts$/, '.js'));
  const { code, map } = await transformFile(file, options);
  mkdirSync(path.dirname(output), { recursive: true });
  writeFileSync(output, `${code}\n//# sourceMappingURL=${path.basename(output)}.map\n`);
  writeFileSync(`${output}.map`, map);
}

const files = ['src', 'migrations', 'bench'].flatMap((room) =>
  readdirSync(room, { recursive: true })
    .filter((file) => /\.ts$/.test(file) && !/(\.test|\.d)\.ts$/.test(file))
    .map((file) => path.join(room, file)),
);
await Promise.all(files.map(transpile));
copyFileSync('package.json', path.join(folder, 'package.json'));

// `npm run dev`: the whole stack; API and worker restart when the sources change, the servers keep running.
// The compiler prints type errors and still emits.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { bundleWorkflows, forgetBuild } from './build-step.mjs';
import { areDependenciesCurrent, installDependencies } from './install-step.mjs';
import { withLock } from './prepare-lock.mjs';
import { stopSignal } from './stop-signal.mjs';

const project = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const dist = path.join(project, 'dist');
const signal = stopSignal();
/** The code in the workflow bundle. */
const BUNDLED = ['workflows', 'shared'].map((room) => path.join('src', room) + path.sep);
/** The code of the stack's own process, which does not restart. */
const STACK = ['stack', 'reddit-sandbox', 'mail-sink'].map((room) => path.join('src', room) + path.sep);

/**
 * The compiled files by name, each with its hash. A file whose source no longer exists is removed, because an old
 * migration in dist/ would still run.
 */
function readOutputs() {
  const outputs = new Map();
  for (const folder of ['src', 'migrations', 'bench']) {
    for (const name of readdirSync(path.join(dist, folder), { recursive: true })) {
      if (!name.endsWith('.js')) continue;
      const file = path.join(folder, name);
      if (existsSync(path.join(project, file.replace(/\.js$/, '.ts'))))
        outputs.set(
          file,
          createHash('sha256')
            .update(readFileSync(path.join(dist, file)))
            .digest('hex'),
        );
      else for (const end of ['', '.map']) rmSync(path.join(dist, file) + end, { force: true });
    }
  }
  return outputs;
}

function startStack() {
  const stack = spawn(process.execPath, [path.join(dist, 'src/stack/commands/start.js'), '--dev'], {
    cwd: project,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    // A restart waits only briefly for running activities: their next attempt continues with the new code.
    env: { WORKER_SHUTDOWN_GRACE_SECONDS: '2', ...process.env },
  });
  const ended = new Promise((resolve) => {
    stack.once('error', (error) => (console.error(error.message), resolve(1)));
    stack.once('exit', (code) => resolve(code ?? 1));
  });
  return { ended, restart: () => stack.connected && stack.send('restart'), stop: () => stack.kill('SIGTERM') };
}

async function main() {
  if (!areDependenciesCurrent(project))
    await withLock(path.join(project, '.taskloom'), () => installDependencies(project, signal), signal);
  forgetBuild(project);

  const compiler = spawn(
    process.execPath,
    ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--watch', '--preserveWatchOutput'],
    { cwd: project, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const compilerEnded = new Promise((resolve) => compiler.once('exit', () => resolve(1)));
  let outputs;
  let stack;
  let stackStarted;
  const started = new Promise((resolve) => (stackStarted = resolve));

  async function onCompiled() {
    const next = readOutputs();
    const names = [...new Set([...next.keys(), ...(outputs?.keys() ?? [])])];
    const changed = names.filter((name) => next.get(name) !== outputs?.get(name));
    if (outputs && changed.length === 0) return;
    if (changed.some((name) => BUNDLED.some((folder) => name.startsWith(folder))))
      await bundleWorkflows(project, dist, signal);
    // After the bundle: if that fails, the next compilation tries again.
    const isFirst = !outputs;
    outputs = next;
    if (isFirst) return stackStarted((stack = startStack()));
    console.log(`Changed: ${changed.join(', ')}. API and worker restart …`);
    const ofStack = STACK.filter((folder) => changed.some((name) => name.startsWith(folder)));
    if (ofStack.length > 0) console.log(`${ofStack.join(', ')}: takes effect when you start \`npm run dev\` again.`);
    stack.restart();
  }

  let compiled = Promise.resolve();
  createInterface({ input: compiler.stdout }).on('line', (line) => {
    console.log(line);
    if (line.includes('Watching for file changes'))
      compiled = compiled.then(onCompiled).catch((error) => console.error(error.message));
  });

  const stopped = new Promise((resolve) => signal.addEventListener('abort', () => resolve(0), { once: true }));
  const code = await Promise.race([stopped, compilerEnded, started.then(({ ended }) => ended)]);
  compiler.kill();
  stack?.stop();
  const stackCode = await stack?.ended;
  return signal.aborted ? (stackCode ?? 0) : code;
}

main().then(
  (code) => process.exit(code),
  (error) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);

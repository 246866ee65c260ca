// This import comes first, because it notes the parent process when it is loaded.
import { stopWithNpm } from '../../platform/startup/npm-watch';
import path from 'node:path';
import { readConfig, type Config } from '../../platform/config';
import { showFailedStart, StartError } from '../../platform/startup/start-error';
import { choosePort, whyPortIsTaken } from '../processes/free-port';
import { rotateLogs } from '../processes/log-files';
import { lockStack } from '../processes/stack-lock';
import { openState, type StateFile } from '../stack-state';
import { createStack } from '../start-stack';
import { renderSummary } from '../summary-table';

// A closed output (`npm start | head`) must not end the process while services run.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

/** `npm start`: starts the whole stack on a machine where nothing is prepared. */
async function main(): Promise<number> {
  const startedAt = Date.now();
  const config = readConfig();
  if (config.ENVIRONMENT === 'production' && !config.JWT_SECRET_KEY)
    throw new StartError('JWT_SECRET_KEY is required in production');
  const home = path.resolve(config.TASKLOOM_HOME);
  const state = openState(home);
  const port = config.PORT || (await choosePort(state.values.ports.api));
  const apiUrl = `http://${['0.0.0.0', '::'].includes(config.HOST) ? '127.0.0.1' : config.HOST}:${port}`;
  const unlock = await lockStack(home, `serving ${apiUrl}`);
  try {
    await claimPort(config, port, state);
    const logFolder = path.join(home, 'logs');
    rotateLogs(logFolder);

    const abort = new AbortController();
    let failure: StartError | undefined;
    const stack = createStack({
      context: { config, env: process.env, home, logFolder, state, signal: abort.signal },
      isDevelopment: process.argv.includes('--dev'),
      abort: () => abort.abort(new StartError('given up')),
      onFailure: (error) => {
        failure ??= error;
        abort.abort(error);
      },
    });
    const signalled = onSignal(
      () => abort.abort(new StartError('stopped')),
      () => stack.hurry(),
    );
    const ended = new Promise<void>((resolve) =>
      abort.signal.addEventListener('abort', () => resolve(), { once: true }),
    );
    try {
      const summary = await stack.start(apiUrl);
      // Sent by scripts/dev.mjs after it has compiled the sources again.
      process.on('message', (message) => message === 'restart' && void stack.restartApps());
      console.log(renderSummary(summary));
      delete state.values.unshownPassword;
      state.save();
      console.log(`Ready after ${((Date.now() - startedAt) / 1000).toFixed(1)} s. Ctrl-C stops everything.`);
      await ended;
    } catch (error) {
      if (!signalled()) throw error;
    } finally {
      console.log('Stopping …');
      await stack.stop();
    }
    if (failure) throw failure;
    console.log('Everything has stopped.');
    return 0;
  } finally {
    unlock();
  }
}

async function claimPort(config: Config, port: number, state: StateFile): Promise<void> {
  const reason = await whyPortIsTaken(port, config.HOST);
  if (reason) {
    const isInUse = reason === 'EADDRINUSE';
    const why = isInUse ? 'another program listens there. Stop it, or start with another PORT' : reason;
    throw new StartError(`PORT: ${config.HOST}:${port} cannot be used: ${why}`);
  }
  state.values.ports.api = port;
  state.save();
}

/** Ctrl-C arrives twice, from the terminal and from npm: a second signal within one second is the same Ctrl-C. */
function onSignal(stop: () => void, hurry: () => void): () => boolean {
  let firstAt = 0;
  const first = () => {
    firstAt = Date.now();
    stop();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (!firstAt) first();
      else if (Date.now() - firstAt > 1_000) hurry();
    });
  }
  stopWithNpm(() => firstAt || first());
  return () => firstAt > 0;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    showFailedStart(error);
    process.exit(1);
  },
);

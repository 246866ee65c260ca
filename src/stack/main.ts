import path from 'node:path';
import { ConfigError, readConfig, type Config } from '../platform/config';
import { choosePort, whyPortIsTaken } from './free-port';
import { rotateLogs } from './log-files';
import { StackError } from './stack-error';
import { lockStack } from './stack-lock';
import { openState, type StateFile } from './stack-state';
import { createStack } from './start-stack';
import { renderSummary } from './summary-table';

/** `npm start`: everything, on a machine where nothing is prepared. */
async function main(): Promise<number> {
  const startedAt = Date.now();
  const config = readConfig();
  if (config.ENVIRONMENT === 'production' && !config.JWT_SECRET_KEY) throw new ConfigError('JWT_SECRET_KEY is required in production');
  const home = path.resolve(config.TASKLOOM_HOME);
  const state = openState(home);
  const port = config.PORT || (await choosePort(state.values.ports.api));
  const apiUrl = `http://${['0.0.0.0', '::'].includes(config.HOST) ? '127.0.0.1' : config.HOST}:${port}`;
  const unlock = await lockStack(home, apiUrl);
  try {
    await claimPort(config, port, state);
    const logFolder = path.join(home, 'logs');
    rotateLogs(logFolder);

    const abort = new AbortController();
    let failure: StackError | undefined;
    const stack = createStack({
      context: { config, env: process.env, home, logFolder, state, signal: abort.signal },
      abort: () => abort.abort(new StackError('given up')),
      onFailure: (error) => {
        failure ??= error;
        abort.abort(error);
      },
    });
    const signalled = onSignal(() => abort.abort(new StackError('stopped')), () => stack.hurry());
    const ended = new Promise<void>((resolve) => abort.signal.addEventListener('abort', () => resolve(), { once: true }));
    try {
      const summary = await stack.start(apiUrl);
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
  if (reason) throw new StackError(`PORT: ${config.HOST}:${port} cannot be used: ${reason === 'EADDRINUSE' ? 'another program listens there. Stop it, or start with another PORT' : reason}`);
  state.values.ports.api = port;
  state.save();
}

/** npm passes on a Ctrl-C that the terminal has sent us already: what comes within a second is the same one. */
function onSignal(stop: () => void, hurry: () => void): () => boolean {
  let firstAt = 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (!firstAt) {
        firstAt = Date.now();
        stop();
      } else if (Date.now() - firstAt > 1_000) hurry();
    });
  }
  return () => firstAt > 0;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    const isExpected = error instanceof StackError || error instanceof ConfigError;
    console.error(isExpected ? `\n${error.message}` : error);
    process.exit(1);
  },
);

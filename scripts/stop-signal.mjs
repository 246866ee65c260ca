const EVERY_MS = 500;

/**
 * Aborts when we are told to stop, and when the npm that runs us is gone: the shell between the two (dash, for one) dies of a
 * SIGTERM without passing it on. (src/platform/startup/npm-watch.ts does the same for what is built.)
 */
export function stopSignal() {
  const abort = new AbortController();
  const stop = () => abort.abort(new Error('stopped'));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);
  const parent = process.ppid;
  if (process.env.npm_lifecycle_event) setInterval(() => process.ppid !== parent && stop(), EVERY_MS).unref();
  return abort.signal;
}

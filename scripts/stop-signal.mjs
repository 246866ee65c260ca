const EVERY_MS = 500;

/**
 * Aborts on a stop signal, and when the npm that started this process has ended: a shell between the two, such as dash,
 * ends on SIGTERM without passing it on. src/platform/startup/npm-watch.ts does the same in the built programs.
 */
export function stopSignal() {
  const abort = new AbortController();
  const stop = () => abort.abort(new Error('stopped'));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);
  const parent = process.ppid;
  if (process.env.npm_lifecycle_event) setInterval(() => process.ppid !== parent && stop(), EVERY_MS).unref();
  return abort.signal;
}

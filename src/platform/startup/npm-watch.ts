const EVERY_MS = 500;

// Read when the module is loaded, because npm may be killed before the first check.
const parent = process.ppid;

/**
 * Calls `stop` when the npm that started this process has ended. The shell between the two (dash, for one) ends at
 * SIGTERM without passing it on, so this process would keep running unnoticed. Without npm an orphan is intended
 * (nohup, a service manager).
 */
export function stopWithNpm(stop: () => void): void {
  if (!process.env.npm_lifecycle_event) return;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    stop();
  }, EVERY_MS).unref();
}

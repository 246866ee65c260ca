const EVERY_MS = 500;

// Read as early as this module is loaded: npm may be killed before the first look.
const parent = process.ppid;

/**
 * Calls `stop` when the npm that runs us is gone. The shell between the two (dash, for one) dies of a SIGTERM without passing
 * it on, and we would live on unseen. Without npm an orphan is what somebody wanted (nohup, a service manager).
 */
export function stopWithNpm(stop: () => void): void {
  if (!process.env.npm_lifecycle_event) return;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    stop();
  }, EVERY_MS).unref();
}

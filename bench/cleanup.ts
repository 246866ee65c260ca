import { stopWithNpm } from '../src/platform/startup/npm-watch';

/** Stops the servers of a bench at its end and on stop signals, which do not reach their own process groups. */
export function createCleanup() {
  const abort = new AbortController();
  const starts: Promise<unknown>[] = [];
  const stops: (() => Promise<void>)[] = [];

  async function stop(): Promise<void> {
    await Promise.allSettled(starts);
    for (let each = stops.pop(); each; each = stops.pop()) await each().catch(console.error);
  }
  const end = () => {
    abort.abort(new Error('stopped'));
    // Measurements fail now, some in a timer of gRPC. Such an error must not end this process before the servers stop.
    process.on('uncaughtException', () => undefined);
    void stop().finally(() => process.exit(1));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, end);
  stopWithNpm(end);

  return {
    /** Aborts servers that are still starting. */
    signal: abort.signal,
    /** Registers a stop function. They run in reverse order. */
    onStop: (each: () => Promise<void>): void => void stops.push(each),
    keep: <Service extends { stop: () => Promise<void> }>(start: Promise<Service>): Promise<Service> => {
      const kept = start.then((service) => {
        stops.push(service.stop);
        return service;
      });
      starts.push(kept);
      return kept;
    },
    stop,
  };
}

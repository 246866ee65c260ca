import { stopWithNpm } from '../src/platform/startup/npm-watch';

/** Stops what a bench has started, at its end and when it is told to stop: servers have process groups of their own. */
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
    // What is being measured fails now, some of it within a timer of gRPC's: that must not end us before the servers.
    process.on('uncaughtException', () => undefined);
    void stop().finally(() => process.exit(1));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, end);
  stopWithNpm(end);

  return {
    /** For what is being started: it gives up. */
    signal: abort.signal,
    /** The last one told of is the first one stopped. */
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

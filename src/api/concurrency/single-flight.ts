/**
 * Runs one call per key at a time (single-flight). Calls that come while one is running wait for it to end and then
 * share the next run. So no caller gets a result that was read before they asked, unlike with a cache. A call that
 * meets no other runs at once.
 */
export function createSingleFlight() {
  const flights = new Map<string, { ended: Promise<void>; next?: Promise<unknown> }>();

  function start<Result>(key: string, run: () => Promise<Result>): Promise<Result> {
    const result = run();
    const flight: { ended: Promise<void>; next?: Promise<unknown> } = {
      ended: result.then(
        () => undefined,
        () => undefined,
      ),
    };
    flights.set(key, flight);
    void flight.ended.then(() => {
      if (!flight.next) flights.delete(key);
    });
    return result;
  }

  return function singleFlight<Result>(key: string, run: () => Promise<Result>): Promise<Result> {
    const flight = flights.get(key);
    if (!flight) return start(key, run);
    flight.next ??= flight.ended.then(() => start(key, run));
    return flight.next as Promise<Result>;
  };
}

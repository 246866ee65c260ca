/** Keeps what was computed for this second, and forgets it with the second: the pages of a listing and the stubs of a tree are asked for in quick succession. */
export function createMomentCache<T>(now: () => number, mostEntries: number) {
  const kept = new Map<string, T>();
  let moment = -1;
  return (key: string, compute: () => T): T => {
    if (now() !== moment || kept.size >= mostEntries) {
      kept.clear();
      moment = now();
    }
    const known = kept.get(key);
    if (known !== undefined) return known;
    const value = compute();
    kept.set(key, value);
    return value;
  };
}

/**
 * Keeps what was computed within the present second. The pages of a listing and the stubs of a comment tree are asked
 * for in quick succession, and all of them need the same computation.
 */
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

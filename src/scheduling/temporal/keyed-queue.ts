/** Work of one key waits for its turn, in order of arrival; other keys go on beside it. */
export function createKeyedQueue<Key>() {
  const last = new Map<Key, Promise<unknown>>();
  return async function inTurn<Result>(key: Key, work: () => Promise<Result>): Promise<Result> {
    const turn = (last.get(key) ?? Promise.resolve()).then(work, work);
    last.set(key, turn);
    try {
      return await turn;
    } finally {
      if (last.get(key) === turn) last.delete(key);
    }
  };
}

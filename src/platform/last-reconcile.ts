import type { KeyValueStore } from './key-value-store/key-value-store';

const KEY = 'reconcile:last-pass';

/** When a worker last finished a reconcile pass: written by workers, read by the API. */
export function createLastReconcile(store: Pick<KeyValueStore, 'get' | 'set'>) {
  return {
    async record(at = new Date()): Promise<void> {
      await store.set(KEY, at.toISOString());
    },

    /** Null before the first pass. */
    async read(): Promise<Date | null> {
      const text = await store.get(KEY);
      return text === null ? null : new Date(text);
    },
  };
}

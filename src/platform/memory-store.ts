import type { KeyValueStore } from './redis';

interface Entry {
  value: string;
  /** Milliseconds since the epoch; Infinity for a key that stays. */
  expiresAt: number;
}

export function createMemoryStore(now: () => number = Date.now): KeyValueStore {
  const entries = new Map<string, Entry>();
  const live = (key: string) => {
    const entry = entries.get(key);
    if (!entry || entry.expiresAt > now()) return entry;
    entries.delete(key);
    return undefined;
  };
  const after = (ttlSeconds = Infinity) => now() + ttlSeconds * 1000;
  // Keys that nobody asks for again would pile up otherwise.
  const sweep = setInterval(() => [...entries.keys()].forEach(live), 60_000).unref();

  return {
    get: async (key) => live(key)?.value ?? null,
    set: async (key, value, { ttlSeconds, onlyIfAbsent } = {}) => {
      if (onlyIfAbsent && live(key)) return false;
      entries.set(key, { value, expiresAt: after(ttlSeconds) });
      return true;
    },
    delete: async (key) => live(key) !== undefined && entries.delete(key),
    increment: async (key, { ttlSeconds }) => {
      const entry = live(key) ?? { value: '0', expiresAt: after(ttlSeconds) };
      const count = Number(entry.value) + 1;
      entries.set(key, { ...entry, value: String(count) });
      return count;
    },
    expire: async (key, ttlSeconds) => {
      const entry = live(key);
      if (entry) entry.expiresAt = after(ttlSeconds);
      return entry !== undefined;
    },
    ping: async () => undefined,
    close: async () => {
      clearInterval(sweep);
      entries.clear();
    },
  };
}

import type { KeyValueStore } from './key-value-store';

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
  const sets = new Map<string, Map<string, number>>();
  const liveMembers = (key: string) => {
    const set = sets.get(key);
    for (const [member, expiresAt] of set ?? []) if (expiresAt <= now()) set?.delete(member);
    if (set?.size === 0) sets.delete(key);
    return sets.get(key);
  };
  const after = (ttlSeconds = Infinity) => now() + ttlSeconds * 1000;
  // Keys that nobody asks for again would pile up otherwise.
  const sweep = setInterval(() => {
    [...entries.keys()].forEach(live);
    [...sets.keys()].forEach(liveMembers);
  }, 60_000).unref();

  return {
    isShared: false,
    get: async (key) => live(key)?.value ?? null,
    set: async (key, value, { ttlSeconds, onlyIfAbsent } = {}) => {
      if (onlyIfAbsent && live(key)) return false;
      entries.set(key, { value, expiresAt: after(ttlSeconds) });
      return true;
    },
    delete: async (key) => live(key) !== undefined && entries.delete(key),
    replace: async (key, expected, value) => {
      const entry = live(key);
      if (entry?.value !== expected) return false;
      entry.value = value;
      return true;
    },
    addMember: async (key, member, ttlSeconds) => {
      const set = liveMembers(key) ?? new Map<string, number>();
      sets.set(key, set.set(member, after(ttlSeconds)));
    },
    removeMember: async (key, member) => void liveMembers(key)?.delete(member),
    members: async (key) => [...(liveMembers(key)?.keys() ?? [])],
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
    apply: async (key, step, input, ttlSeconds) => {
      const before = live(key)?.value;
      const { state, answer } = step.run(
        before === undefined ? undefined : (JSON.parse(before) as never),
        now(),
        input,
      );
      entries.set(key, { value: JSON.stringify(state), expiresAt: after(ttlSeconds) });
      return answer;
    },
    ping: async () => undefined,
    close: async () => {
      clearInterval(sweep);
      entries.clear();
      sets.clear();
    },
  };
}

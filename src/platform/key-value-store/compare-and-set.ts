import { setTimeout as sleep } from 'node:timers/promises';
import type { AtomicProcedure, KeyValueStore } from './key-value-store';

/** The operations of a store that `apply` is built on. */
export interface ComparableStore extends Pick<KeyValueStore, 'set' | 'replace'> {
  /** The value, and the store's clock in whole milliseconds. */
  readWithTime(key: string): Promise<{ value: string | null; now: number }>;
}

interface Call {
  run(state: unknown, now: number): { state: unknown; answer: unknown };
  ttlSeconds: number;
  resolve(answer: unknown): void;
  reject(error: unknown): void;
}

/** One process wins each try, so even a fleet of many processes needs fewer tries than this. */
const MAX_TRIES = 30;
const LONGEST_PAUSE_MS = 50;
/** Limits how many procedures one write runs. */
const MAX_CALLS_AT_ONCE = 100;

/**
 * Optimistic concurrency: reads the state, runs the procedure and writes the new state if the stored one has not
 * changed in the meantime. After a conflict it tries again: first at once, then after growing random pauses. The calls
 * of this process for one key share a write, in their order, so that a process never conflicts with itself. Rejects
 * after MAX_TRIES conflicts.
 */
export function createApply(store: ComparableStore): KeyValueStore['apply'] {
  const waiting = new Map<string, Call[]>();

  /** The answers of the calls, or undefined when another process wrote first. */
  async function attempt(key: string, calls: Call[]): Promise<unknown[] | undefined> {
    const { value, now } = await store.readWithTime(key);
    let state: unknown = value === null ? undefined : JSON.parse(value);
    const answers = calls.map((call) => {
      const step = call.run(state, now);
      state = step.state;
      return step.answer;
    });
    const ttlSeconds = Math.max(...calls.map((call) => call.ttlSeconds));
    const next = JSON.stringify(state);
    const isWritten =
      value === null
        ? await store.set(key, next, { ttlSeconds, onlyIfAbsent: true })
        : await store.replace(key, value, next, { ttlSeconds });
    return isWritten ? answers : undefined;
  }

  async function attemptUntilWritten(key: string, calls: Call[]): Promise<unknown[]> {
    for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
      const answers = await attempt(key, calls);
      if (answers) return answers;
      // The second try needs no pause: two processes rarely conflict twice in a row.
      if (tries > 1) await sleep(Math.random() * Math.min(2 ** tries, LONGEST_PAUSE_MS));
    }
    throw new Error(`${key} was changed by others during each of ${MAX_TRIES} tries`);
  }

  async function work(key: string, queue: Call[]): Promise<void> {
    while (queue.length > 0) {
      const calls = queue.splice(0, MAX_CALLS_AT_ONCE);
      try {
        const answers = await attemptUntilWritten(key, calls);
        calls.forEach((call, index) => call.resolve(answers[index]));
      } catch (error) {
        for (const call of calls) call.reject(error);
      }
    }
    waiting.delete(key);
  }

  return <State, Input, Answer>(
    key: string,
    procedure: AtomicProcedure<State, Input, Answer>,
    input: Input,
    ttlSeconds: number,
  ) =>
    new Promise<Answer>((resolve, reject) => {
      const call: Call = {
        run: (state, now) => procedure.run(state as State | undefined, now, input),
        ttlSeconds,
        resolve: (answer) => resolve(answer as Answer),
        reject,
      };
      const queue = waiting.get(key);
      if (queue) queue.push(call);
      else {
        const started = [call];
        waiting.set(key, started);
        void work(key, started);
      }
    });
}

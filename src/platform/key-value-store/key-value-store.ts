/**
 * One step from a state to the next. `run` gets the state (undefined at first), the store's time in milliseconds and
 * the input. It may be run again with a newer state, so it must have no side effects.
 */
export interface AtomicProcedure<State, Input, Answer> {
  run(state: State | undefined, now: number, input: Input): { state: State; answer: Answer };
}

/**
 * The operations that Taskloom needs from Redis or, where there is no Redis, from PostgreSQL. Times to live are in
 * seconds. An expired key counts as never set.
 */
export interface KeyValueStore {
  get(key: string): Promise<string | null>;
  /** False when `onlyIfAbsent` is set and the key exists already. */
  set(key: string, value: string, options?: { ttlSeconds?: number; onlyIfAbsent?: boolean }): Promise<boolean>;
  /** Whether the key existed. Of several concurrent callers exactly one gets true. */
  delete(key: string): Promise<boolean>;
  /**
   * Sets the value only if it still is `expected`. Without `ttlSeconds` the time to live stays as it was. Of several
   * concurrent callers that expect the same value exactly one gets true.
   */
  replace(key: string, expected: string, value: string, options?: { ttlSeconds?: number }): Promise<boolean>;
  /** Adds a member to the set. The member expires after `ttlSeconds`. */
  addMember(key: string, member: string, ttlSeconds: number): Promise<void>;
  removeMember(key: string, member: string): Promise<void>;
  /** In no particular order. */
  members(key: string): Promise<string[]>;
  /** Adds 1 and returns the new count. The time to live starts at the first call; later calls do not extend it. */
  increment(key: string, options: { ttlSeconds: number }): Promise<number>;
  /** Sets a new time to live; false when there is no such key. */
  expire(key: string, ttlSeconds: number): Promise<boolean>;
  /** Runs the procedure on the key's state (JSON) atomically. The procedure may be run more than once. */
  apply<State, Input, Answer>(
    key: string,
    procedure: AtomicProcedure<State, Input, Answer>,
    input: Input,
    ttlSeconds: number,
  ): Promise<Answer>;
  /** Throws when the store does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

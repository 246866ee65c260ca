import { randomUUID } from 'node:crypto';
import { createRedditBudget } from '../../src/platform/reddit-budget/reddit-budget';
import type { AtomicProcedure } from '../../src/platform/key-value-store/key-value-store';

/** A new budget that delays no request, for tests of something else. The rate limit headers of a server still delay. */
export function openBudget() {
  const states = new Map<string, unknown>();
  const apply = async <State, Input, Answer>(
    key: string,
    procedure: AtomicProcedure<State, Input, Answer>,
    input: Input,
  ): Promise<Answer> => {
    const { state, answer } = procedure.run(states.get(key) as State | undefined, Date.now(), input);
    states.set(key, state);
    return answer;
  };
  return createRedditBudget({ store: { apply }, clientId: randomUUID(), requestsPerMinute: 10_000_000 });
}

import { runBudget } from './budget-ledger';
import type { AtomicProcedure, KeyValueStore } from '../key-value-store/key-value-store';
import type { BudgetAnswer, BudgetCommand } from './budget-commands';
import type { BudgetState } from './budget-state';

/** Longer than Reddit's own window; what is not asked for in this time is forgotten. */
const TTL_SECONDS = 3_600;

const PROCEDURE: AtomicProcedure<BudgetState, BudgetCommand, BudgetAnswer<BudgetCommand>> = { run: runBudget };

type WithoutRate<Command> = Command extends BudgetCommand ? Omit<Command, 'requestsPerMinute'> : never;
export type BudgetRequest = WithoutRate<BudgetCommand>;

export type RedditBudget = ReturnType<typeof createRedditBudget>;

/** The budget of one OAuth client at Reddit, for everybody who uses this store. */
export function createRedditBudget({
  store,
  clientId,
  requestsPerMinute,
}: {
  store: Pick<KeyValueStore, 'apply'>;
  clientId: string;
  requestsPerMinute: number;
}) {
  const key = `reddit-budget:${clientId || 'none'}`;
  return {
    ask: <Request extends BudgetRequest>(
      request: Request,
    ): Promise<BudgetAnswer<Extract<BudgetCommand, { kind: Request['kind'] }>>> =>
      store.apply(key, PROCEDURE, { ...request, requestsPerMinute }, TTL_SECONDS) as never,
  };
}

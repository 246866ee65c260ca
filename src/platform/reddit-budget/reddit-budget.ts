import { ledger, type LedgerProcedure } from './budget-ledger';
import type { ArriveCommand, PollCommand } from './budget-commands';
import type { KeyValueStore } from '../key-value-store/key-value-store';

/** Longer than Reddit's own window. A state that nobody reads or changes for this time is forgotten. */
const TTL_SECONDS = 3_600;

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
  const apply = <Command, Answer>(procedure: LedgerProcedure<Command, Answer>, command: Command): Promise<Answer> =>
    store.apply(key, procedure, { ...command, requestsPerMinute }, TTL_SECONDS);

  return {
    arrive: (command: ArriveCommand) => apply(ledger.arrive, command),
    poll: (command: PollCommand) => apply(ledger.poll, command),
    view: () => apply(ledger.view, {}),
    reset: () => apply(ledger.reset, {}),
  };
}

import { randomUUID } from 'node:crypto';
import { createRedditBudget } from '../../src/platform/reddit-budget/reddit-budget';
import { createKeyValueStore } from '../../src/platform/key-value-store/key-value-store';

/** A budget that holds nothing up, for tests of something else. A server's own headers still do. */
export const openBudget = () =>
  createRedditBudget({
    store: createKeyValueStore('memory://'),
    clientId: randomUUID(),
    requestsPerMinute: 10_000_000,
  });

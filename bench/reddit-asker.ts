import { setMaxListeners } from 'node:events';
import { createRedditBudget } from '../src/platform/reddit-budget/reddit-budget';
import { createRedditClient } from '../src/platform/reddit/snoowrap-client';
import { createKeyValueStore } from '../src/platform/key-value-store/create-key-value-store';

export interface AskerOrder {
  url: string;
  storeUrl: string;
  clientId: string;
  requestsPerMinute: number;
  /** Concurrent callers, half of them for config 1 and half for config 2. */
  callers: number;
}

/**
 * Sends requests to Reddit as fast as the budget allows, until the parent sends a message. A refused caller retries.
 * Reports the numbers of sent requests and of refused callers to the parent.
 */
async function ask(order: AskerOrder): Promise<void> {
  const store = createKeyValueStore(order.storeUrl);
  const budget = createRedditBudget({ store, clientId: order.clientId, requestsPerMinute: order.requestsPerMinute });
  const reddit = createRedditClient({
    budget,
    clientId: order.clientId,
    clientSecret: 'secret',
    userAgent: 'linux:taskloom-test:1 (by /u/test)',
    oauthBaseUrl: order.url,
    wwwBaseUrl: order.url,
    isSandbox: true,
    log: { warn: () => undefined },
  });
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  process.on('message', () => stop.abort());
  let sentAway = 0;
  await Promise.all(
    Array.from({ length: order.callers }, async (_, n) => {
      const scope = reddit.scoped({ configId: 1 + (n % 2) });
      while (!stop.signal.aborted) {
        try {
          await scope.getInfo(['t3_a'], stop.signal);
        } catch (error) {
          const { retryAfterMs = 100 } = (error as { details?: { retryAfterMs?: number } }).details ?? {};
          sentAway += 1;
          if (!stop.signal.aborted) await new Promise((resolve) => setTimeout(resolve, retryAfterMs));
        }
      }
    }),
  );
  await new Promise((resolve) => process.send?.({ sent: reddit.requestsSent(), sentAway }, resolve));
  await store.close();
  process.disconnect();
}

const [order] = process.argv.slice(2);
if (order) void ask(JSON.parse(order) as AskerOrder);

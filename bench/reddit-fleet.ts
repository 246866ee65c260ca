import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRedditSandbox } from '../src/reddit-sandbox/sandbox-server';
import type { AskerOrder } from './reddit-asker';

export interface FleetOptions {
  storeUrl: string;
  processes: number;
  callers: number;
  requests: number;
  windowSeconds: number;
  /** Whole windows that are counted, after one in which the processes learn when windows begin. */
  windows: number;
  /** Ends the measurement before all windows are counted. */
  areEnough?: (counts: number[]) => boolean;
  latencyMs: number;
  /** The built reddit-asker.js, for callers that run from the sources. */
  askerFile?: string;
}

/** Runs processes at full load on one budget, against a sandbox that counts requests as Reddit does. */
export async function measureFleet(options: FleetOptions) {
  const { requests, windowSeconds, windows, areEnough = () => false } = options;
  const windowMs = windowSeconds * 1_000;
  const sandbox = createRedditSandbox({
    rateLimit: { requests, windowSeconds },
    faults: { latencyMs: options.latencyMs },
  });
  const { url } = await sandbox.listen();
  const order: AskerOrder = {
    url,
    storeUrl: options.storeUrl,
    clientId: `fleet-${process.pid}-${Date.now()}`,
    requestsPerMinute: (requests * 60) / windowSeconds,
    callers: options.callers,
  };
  const children = Array.from({ length: options.processes }, () =>
    fork(options.askerFile ?? path.join(__dirname, 'reddit-asker.js'), [JSON.stringify(order)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    }),
  );
  const answered = () =>
    sandbox.requests.entries.filter((entry) => entry.path === '/api/info' && entry.status === 200).length;
  const refused = () => sandbox.requests.entries.filter((entry) => entry.status === 429).length;
  try {
    // The window in which the processes start, and the one after it, are not counted.
    const begin = (Math.floor(Date.now() / windowMs) + 2) * windowMs;
    await sleep(begin - Date.now());
    const counts: number[] = [];
    for (let n = 1, before = answered(); n <= windows && !areEnough(counts); n += 1) {
      await sleep(begin + n * windowMs - Date.now());
      const now = answered();
      counts.push(now - before);
      before = now;
    }
    const reports = children.map(async (child) => {
      child.send('stop');
      const [report] = (await once(child, 'message')) as [{ sent: number; sentAway: number }];
      return report;
    });
    return {
      counts,
      refused: refused(),
      processes: await Promise.all(reports),
      used: counts.reduce((sum, count) => sum + count, 0) / (requests * counts.length),
    };
  } finally {
    for (const child of children) child.kill();
    await sandbox.close();
  }
}

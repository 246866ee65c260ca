import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import Table from 'cli-table3';
import { connectTemporal } from '../src/platform/temporal';
import { startEmbeddedTemporal, TEMPORAL_SPEED_FLAGS } from '../src/stack/servers/embedded-temporal';
import { findTemporalBinary } from '../src/stack/servers/temporal-binary';
import { bareAlone, bareMany } from './bare-temporal';
import { createCleanup } from './cleanup';

/** `npm run bench:temporal -- [rounds]`: the effect of each flag of the embedded Temporal on bare workflows. */
const ROUNDS = Number(process.argv[2] ?? 2);
const RUNS = 500;

const pragmas = (synchronous: number) =>
  ['journal_mode=wal', `synchronous=${synchronous}`].flatMap((pragma) => ['--sqlite-pragma', pragma]);
const dynamic = (...values: string[]) => values.flatMap((value) => ['--dynamic-config-value', value]);
const partitions = dynamic('matching.numTaskqueueReadPartitions=1', 'matching.numTaskqueueWritePartitions=1');
const pollRates = dynamic(
  ...['transfer', 'timer', 'visibility'].map((queue) => `history.${queue}ProcessorMaxPollRPS=2000`),
);

const SETS: Record<string, readonly string[]> = {
  'none (defaults)': [],
  'WAL, synchronous=1': pragmas(1),
  'WAL, synchronous=1, partitions': [...pragmas(1), ...partitions],
  'WAL, synchronous=0, partitions, poll rates': [...pragmas(0), ...partitions, ...pollRates],
  'as npm start has them': TEMPORAL_SPEED_FLAGS,
};

const { signal, keep, onStop, stop } = createCleanup();

async function measure(flags: readonly string[]) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'taskloom-bench-'));
  onStop(async () => rmSync(folder, { recursive: true, force: true }));
  const server = await keep(
    startEmbeddedTemporal({
      binary: await findTemporalBinary({ progress: () => undefined, signal }),
      signal,
      folder,
      logFile: path.join(folder, 'temporal.log'),
      speedFlags: flags,
    }),
  );
  const temporal = await connectTemporal({
    address: server.address,
    namespace: 'default',
    connection: { address: server.address },
  });
  onStop(() => temporal.close());
  const worker = fork(path.join(__dirname, 'bare-worker.js'), {
    env: { ...process.env, TEMPORAL_ADDRESS: server.address },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  onStop(async () => {
    worker.kill('SIGTERM');
    if (worker.exitCode === null && worker.signalCode === null) await once(worker, 'exit');
  });
  try {
    await once(worker, 'message');
    await bareAlone(temporal, 10, 'warm-up');
    return { alone: await bareAlone(temporal, 50, 'alone'), many: await bareMany(temporal, RUNS, 'many') };
  } finally {
    await stop();
  }
}

async function main(): Promise<void> {
  const table = new Table({
    style: { head: [], border: [] },
    head: ['flags', 'round', 'alone p50 ms', `${RUNS} runs/s`],
  });
  for (let round = 1; round <= ROUNDS; round++) {
    for (const [name, flags] of Object.entries(SETS)) {
      const { alone, many } = await measure(flags);
      table.push([name, round, alone.p50Ms.toFixed(1), many.perSecond.toFixed(1)]);
    }
  }
  console.log(table.toString());
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

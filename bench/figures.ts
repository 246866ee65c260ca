import os from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

const TIME_LIMIT_MS = 120_000;

/** The p-th percentile (0..100) by nearest rank. */
export function percentile(values: number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)] ?? NaN;
}

/** The machine and Node of this run, for the line below a table. */
export function machineLine(): string {
  const [cpu] = os.cpus();
  const load = os.loadavg()[0]?.toFixed(1);
  return `${os.cpus().length} cores (${cpu?.model ?? 'unknown'}), Node ${process.version}, load ${load}`;
}

export interface Figures {
  runs: number;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
}

export function figuresOf(latenciesMs: number[], elapsedMs: number): Figures {
  return {
    runs: latenciesMs.length,
    perSecond: (latenciesMs.length * 1_000) / elapsedMs,
    p50Ms: percentile(latenciesMs, 50),
    p99Ms: percentile(latenciesMs, 99),
  };
}

/** Runs `work` for 0..count-1, at most `width` at once. */
export async function inParallel(count: number, width: number, work: (n: number) => Promise<void>): Promise<void> {
  let next = 0;
  const loop = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, loop));
}

/** Calls `isDone` until it resolves to true; throws after two minutes. */
export async function until(isDone: () => Promise<boolean>, pauseMs = 5): Promise<void> {
  const deadline = performance.now() + TIME_LIMIT_MS;
  while (!(await isDone())) {
    if (performance.now() > deadline) throw new Error(`Not done within ${TIME_LIMIT_MS / 1_000} s`);
    await sleep(pauseMs);
  }
}

/** The p-th percentile (0..100) by nearest rank. */
export function percentile(values: number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)] ?? NaN;
}

export interface Figures {
  runs: number;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
}

export function figuresOf(latenciesMs: number[], elapsedMs: number): Figures {
  return { runs: latenciesMs.length, perSecond: (latenciesMs.length * 1_000) / elapsedMs, p50Ms: percentile(latenciesMs, 50), p99Ms: percentile(latenciesMs, 99) };
}

/** Runs `work` for 0..count-1, at most `width` at once. */
export async function inParallel(count: number, width: number, work: (n: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, lane));
}

import type { LaneReport } from './budget-commands';

export interface Waiter {
  key: string;
  lane: Pick<LaneReport, 'flow' | 'weight' | 'isExclusive'>;
  /** On this process's own clock. */
  since: number;
  admit(grant: number): void;
}

/** The callers of one process, each lane in the order of their arrival. */
export function createWaitingLine() {
  const lanes = new Map<string, Set<Waiter>>();

  return {
    size: () => lanes.size,
    add(waiter: Waiter): void {
      const lane = lanes.get(waiter.key) ?? new Set();
      lanes.set(waiter.key, lane.add(waiter));
    },
    remove(waiter: Waiter): void {
      const lane = lanes.get(waiter.key);
      lane?.delete(waiter);
      if (lane?.size === 0) lanes.delete(waiter.key);
    },
    next: (key: string): Waiter | undefined => lanes.get(key)?.values().next().value,
    report: (): LaneReport[] =>
      [...lanes.values()].flatMap((lane) => {
        const [first] = lane;
        return first ? [{ ...first.lane, waiting: lane.size, ageMs: Math.round(performance.now() - first.since) }] : [];
      }),
  };
}

import type { FlowQueue } from './budget-commands';

export interface Waiter {
  key: string;
  queue: Pick<FlowQueue, 'flow' | 'weight' | 'isExclusive'>;
  /** On this process's own clock. */
  since: number;
  admit(grant: number): void;
}

/** The callers of one process, each queue in the order of their arrival. */
export function createWaitingLine() {
  const queues = new Map<string, Set<Waiter>>();

  return {
    size: () => queues.size,
    add(waiter: Waiter): void {
      const queue = queues.get(waiter.key) ?? new Set();
      queues.set(waiter.key, queue.add(waiter));
    },
    remove(waiter: Waiter): void {
      const queue = queues.get(waiter.key);
      queue?.delete(waiter);
      if (queue?.size === 0) queues.delete(waiter.key);
    },
    next: (key: string): Waiter | undefined => queues.get(key)?.values().next().value,
    report: (): FlowQueue[] =>
      [...queues.values()].flatMap((queue) => {
        const [first] = queue;
        return first
          ? [{ ...first.queue, waiting: queue.size, ageMs: Math.round(performance.now() - first.since) }]
          : [];
      }),
  };
}

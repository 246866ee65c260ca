import { figuresOf, inParallel, until, type Figures } from './figures';
import type { TemporalConnection } from '../src/platform/temporal';

const AT_ONCE = 50;

/** Runs bare workflows one after the other. `name` keeps the workflow ids apart. */
export async function bareAlone({ client }: TemporalConnection, runs: number, name: string): Promise<Figures> {
  const latencies: number[] = [];
  const startedAt = performance.now();
  for (let n = 0; n < runs; n++) {
    const sentAt = performance.now();
    await client.workflow.execute('bare', { taskQueue: 'bare', workflowId: `bare-${name}-${n}` });
    latencies.push(performance.now() - sentAt);
  }
  return figuresOf(latencies, performance.now() - startedAt);
}

/**
 * Runs many bare workflows concurrently. Completions are counted through visibility, because waiting for each result
 * would cost the server more than the workflow.
 */
export async function bareMany({ client }: TemporalConnection, runs: number, name: string): Promise<Figures> {
  const prefix = `bare-${name}-`;
  const startedAt = performance.now();
  await inParallel(runs, AT_ONCE, async (n) => {
    await client.workflow.start('bare', { taskQueue: 'bare', workflowId: `${prefix}${n}` });
  });
  await until(
    async () =>
      (await client.workflow.count(`WorkflowId STARTS_WITH '${prefix}' AND ExecutionStatus = 'Completed'`)).count >=
      runs,
  );
  const elapsedMs = performance.now() - startedAt;
  return figuresOf(Array<number>(runs).fill(elapsedMs / runs), elapsedMs);
}

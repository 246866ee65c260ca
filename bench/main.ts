import Table from 'cli-table3';
import { startBenchStack, type BenchStack } from './bench-stack';
import { bareAlone, bareMany } from './bare-temporal';
import { figuresOf, inParallel, until, type Figures } from './figures';

/**
 * `npm run bench -- [runs] [rounds] [task type]`: Taskloom executions and bare Temporal workflows, alternating, on one
 * machine in one run. HEALTH_CHECK is a short task; TEST_SHORT_TIMEOUT, which sleeps 0 s here, has its own activity.
 */
const RUNS = Number(process.argv[2] ?? 500);
const ROUNDS = Number(process.argv[3] ?? 3);
const TASK_TYPE = process.argv[4] ?? 'HEALTH_CHECK';
const AT_ONCE = 50;
const ALONE = 50;

async function post<Answer>(stack: BenchStack, route: string, body?: object): Promise<Answer> {
  const response = await fetch(`${stack.apiUrl}${route}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${stack.token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  if (!response.ok) throw new Error(`POST ${route}: ${response.status} ${await response.text()}`);
  return response.json() as Promise<Answer>;
}

/** Latencies from the request to the finished row, one run after the other. */
async function oursAlone(stack: BenchStack, configIds: number[]): Promise<Figures> {
  const latencies: number[] = [];
  const startedAt = performance.now();
  for (let n = 0; n < ALONE; n++) {
    const sentAt = performance.now();
    const { task_id } = await post<{ task_id: string }>(stack, `/tasks/execute/${configIds[n % configIds.length]}`);
    await until(
      async () =>
        (await stack.database('task_executions').where({ task_id }).whereNot('status', 'running').select('id')).length >
        0,
      1,
    );
    latencies.push(performance.now() - sentAt);
  }
  return figuresOf(latencies, performance.now() - startedAt);
}

/** Polls new rows until `RUNS` of them have ended; records when each was first seen as ended, by task id. */
async function watchEnds(stack: BenchStack, endedAt: Map<string, number>): Promise<void> {
  const [{ newest }] = (await stack.database('task_executions').max('id as newest')) as [{ newest: number | null }];
  await until(async () => {
    const rows = await stack
      .database('task_executions')
      .where('id', '>', newest ?? 0)
      .whereNot('status', 'running')
      .select<{ task_id: string }[]>('task_id');
    const now = performance.now();
    for (const row of rows) if (!endedAt.has(row.task_id)) endedAt.set(row.task_id, now);
    return endedAt.size >= RUNS;
  });
}

async function oursMany(stack: BenchStack, configIds: number[]): Promise<Figures> {
  const sentAt = new Map<string, number>();
  const endedAt = new Map<string, number>();
  const startedAt = performance.now();
  const watching = watchEnds(stack, endedAt);
  await inParallel(RUNS, AT_ONCE, async (n) => {
    const now = performance.now();
    const { task_id } = await post<{ task_id: string }>(stack, `/tasks/execute/${configIds[n % configIds.length]}`);
    sentAt.set(task_id, now);
  });
  await watching;
  return figuresOf(
    [...sentAt].map(([id, at]) => (endedAt.get(id) ?? NaN) - at),
    performance.now() - startedAt,
  );
}

async function oursBatch(stack: BenchStack, configIds: number[]): Promise<Figures> {
  const endedAt = new Map<string, number>();
  const startedAt = performance.now();
  const watching = watchEnds(stack, endedAt);
  await post(stack, '/tasks/execute/batch', {
    config_ids: Array.from({ length: RUNS }, (_, n) => configIds[n % configIds.length]),
  });
  await watching;
  return figuresOf(
    [...endedAt.values()].map((at) => at - startedAt),
    performance.now() - startedAt,
  );
}

async function main(): Promise<void> {
  const stack = await startBenchStack({ apiPort: 18_123 });
  try {
    const configIds: number[] = [];
    for (let n = 0; n < RUNS; n++) {
      const config = await post<{ id: number }>(stack, '/tasks/configs', {
        name: `bench ${n}`,
        task_type: TASK_TYPE,
        scheduler_type: 'manual',
        parameters: TASK_TYPE === 'TEST_SHORT_TIMEOUT' ? { sleep_seconds: 0 } : {},
      });
      configIds.push(config.id);
    }
    const table = new Table({
      style: { head: [], border: [] },
      head: ['round', 'what', 'runs/s', 'p50 ms', 'p99 ms', 'of bare'],
    });
    for (let round = 0; round <= ROUNDS; round++) {
      const bare = await stack.startProcess('bench/bare-worker.js');
      const [alone, many] = [
        await bareAlone(stack.temporal, ALONE, `alone-${round}`),
        await bareMany(stack.temporal, RUNS, `many-${round}`),
      ];
      await stack.stopProcess(bare);
      const worker = await stack.startProcess('src/worker/main.js', {
        REDDIT_CLIENT_ID: 'bench',
        REDDIT_OAUTH_BASE_URL: 'http://127.0.0.1:9',
        REDDIT_WWW_BASE_URL: 'http://127.0.0.1:9',
      });
      const [ourAlone, ourMany, ourBatch] = [
        await oursAlone(stack, configIds),
        await oursMany(stack, configIds),
        await oursBatch(stack, configIds),
      ];
      await stack.stopProcess(worker);
      // Round 0 is the warm-up.
      const name = round === 0 ? 'warm-up' : String(round);
      const row = (what: string, figures: Figures, bareFigures?: Figures, hasLatency = true) =>
        table.push([
          name,
          what,
          figures.perSecond.toFixed(1),
          hasLatency ? figures.p50Ms.toFixed(1) : '',
          hasLatency ? figures.p99Ms.toFixed(1) : '',
          bareFigures ? (figures.perSecond / bareFigures.perSecond).toFixed(2) : '',
        ]);
      row('bare Temporal, alone', alone);
      row(`bare Temporal, ${RUNS}`, many, undefined, false);
      row('Taskloom, alone', ourAlone, alone);
      row(`Taskloom, ${RUNS} by execute/{id}`, ourMany, many);
      row(`Taskloom, ${RUNS} by execute/batch`, ourBatch, many);
    }
    console.log(
      `${RUNS} runs of ${TASK_TYPE}, ${AT_ONCE} requests at once; ` +
        `"alone" is ${ALONE} runs one after the other. Latency: request to finished row.`,
    );
    console.log(table.toString());
  } finally {
    await stack.stop();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

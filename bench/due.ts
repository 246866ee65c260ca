import Table from 'cli-table3';
import { startBenchStack, type BenchStack } from './bench-stack';
import { inParallel, machineLine, percentile } from './figures';
import { MINUTE_MS } from '../src/shared/durations';

/**
 * `npm run bench:due -- [configs ...] [every=MINUTES]`: many cron configs due in the same minute, how late each of
 * them starts, and how many fires are lost. With `every`, they are due in each of that many minutes.
 */
const COUNTS = process.argv.slice(2).map(Number).filter(Number.isInteger);
const MINUTES = Number(process.argv.find((argument) => argument.startsWith('every='))?.slice('every='.length) ?? 0);
const CREATED_AT_ONCE = 8;
/** How long late runs are waited for. */
const PATIENCE_MS = 3 * MINUTE_MS;

const sleepUntil = (at: number) => new Promise((resolve) => setTimeout(resolve, Math.max(0, at - Date.now())));
const nextMinute = (after: number) => Math.ceil(after / MINUTE_MS) * MINUTE_MS;

async function call<Answer>(stack: BenchStack, method: string, route: string, body?: object): Promise<Answer> {
  const response = await fetch(`${stack.apiUrl}${route}`, {
    method,
    headers: { authorization: `Bearer ${stack.token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${await response.text()}`);
  return response.json() as Promise<Answer>;
}

/** Creates the configs with their schedules, and returns the first minute in which all are due. */
async function arm(stack: BenchStack, count: number): Promise<{ ids: number[]; dueAt: number }> {
  const ids: number[] = [];
  // Some 25 schedules a second are created on two cores.
  const dueAt = nextMinute(Date.now() + (count / 20) * 1000 + MINUTE_MS);
  const minute = new Date(dueAt).getUTCMinutes();
  await inParallel(count, CREATED_AT_ONCE, async (n) => {
    const { id } = await call<{ id: number }>(stack, 'POST', '/tasks/configs?auto_schedule=true', {
      name: `due ${count}-${n}`,
      task_type: 'HEALTH_CHECK',
      scheduler_type: 'cron',
      schedule_config: { cron_expression: MINUTES > 0 ? '* * * * *' : `${minute} * * * *` },
    });
    ids.push(id);
  });
  if (Date.now() > dueAt) throw new Error(`${count} schedules were not created in time`);
  return { ids, dueAt };
}

interface Run {
  scheduled_at: Date;
  started_at: Date;
}

async function measure(stack: BenchStack, count: number): Promise<(string | number)[]> {
  const { ids, dueAt } = await arm(stack, count);
  const minutes = Math.max(1, MINUTES);
  const until = dueAt + minutes * MINUTE_MS;
  const runs = () =>
    stack
      .database('task_executions')
      .whereIn('config_id', ids)
      .where('scheduled_at', '>=', new Date(dueAt))
      .where('scheduled_at', '<', new Date(until))
      .select<Run[]>('scheduled_at', 'started_at');
  await sleepUntil(until);
  const deadline = until + PATIENCE_MS;
  while ((await runs()).length < count * minutes && Date.now() < deadline) await sleepUntil(Date.now() + 5_000);
  const found = await runs();
  const late = found.map((run) => run.started_at.getTime() - run.scheduled_at.getTime());
  const lastAt = Math.max(...found.map((run) => run.started_at.getTime()));
  const seconds = (ms: number) => (ms / 1000).toFixed(1);
  return [
    count,
    minutes,
    count * minutes,
    count * minutes - found.length,
    seconds(percentile(late, 50)),
    seconds(percentile(late, 99)),
    (found.length / Math.max(1, (lastAt - dueAt) / 1000)).toFixed(1),
  ];
}

async function main(): Promise<void> {
  const table = new Table({
    style: { head: [], border: [] },
    head: ['configs', 'minutes', 'fires', 'lost', 'late p50 s', 'late p99 s', 'starts/s'],
  });
  for (const count of COUNTS.length > 0 ? COUNTS : [500, 2_000, 5_000]) {
    const stack = await startBenchStack({ apiPort: 18_124 });
    try {
      await stack.startProcess('src/worker/main.js', {
        REDDIT_CLIENT_ID: 'bench',
        REDDIT_OAUTH_BASE_URL: 'http://127.0.0.1:9',
        REDDIT_WWW_BASE_URL: 'http://127.0.0.1:9',
      });
      table.push(await measure(stack, count));
      console.log(table.toString());
    } finally {
      await stack.stop();
    }
  }
  console.log(machineLine());
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

import Table from 'cli-table3';
import { startBenchStack, type BenchStack } from './bench-stack';
import { inParallel, machineLine, type Figures } from './figures';
import { loadWith } from './http-load';
import { seedExecutions, seedPosts } from './http-seed';

/**
 * `npm run bench:http -- [seconds] [executions …]`: answers a second of the API's reading routes and of login, beside
 * an empty route of the same Fastify, which is measured again before each. Everything shares this machine: the load
 * generator (this process), API, PostgreSQL, Redis and Temporal.
 */
const [SECONDS = 3, ...SIZES] = process.argv.slice(2).map(Number);
const EXECUTIONS = SIZES.length > 0 ? SIZES : [10_000, 1_000_000];
const CONNECTIONS = 16;
const CONFIGS = 200;
const API_PORT = 18_133;
const EMPTY_PORT = API_PORT + 1;
const EMPTY_SECONDS = 1;
const LOGIN = { username: 'bench', password: 'bench-password' };

interface Route {
  name: string;
  paths: string[];
  /** Answers a second of the predecessor with 10,000 executions, on two such cores. */
  predecessor?: number;
}

const routesOver = (ids: number[]): Route[] => [
  { name: 'auth/me', paths: ['/auth/me'], predecessor: 841 },
  { name: `configs, 20 of ${CONFIGS}`, paths: ['/tasks/configs'], predecessor: 34 },
  { name: 'config by id', paths: ids.map((id) => `/tasks/configs/${id}`), predecessor: 179 },
  {
    name: 'config by id, with stats',
    paths: ids.map((id) => `/tasks/configs/${id}?include_stats=true`),
    predecessor: 179,
  },
  { name: 'dashboard', paths: ['/tasks/system/dashboard'], predecessor: 67 },
  { name: 'execution stats', paths: ['/tasks/executions/stats'], predecessor: 89 },
  { name: 'recent executions, 100', paths: ['/tasks/executions/recent'], predecessor: 91 },
  { name: 'failed executions, 50', paths: ['/tasks/executions/failed'] },
  { name: `schedules, ${CONFIGS}`, paths: ['/tasks/schedules'], predecessor: 476 },
  { name: 'reddit posts, 100', paths: ['/reddit/posts'] },
  { name: 'login', paths: ['/auth/login'], predecessor: 4 },
];

async function createConfigs(stack: BenchStack): Promise<number[]> {
  const ids: number[] = [];
  await inParallel(CONFIGS, 8, async (n) => {
    // Active schedules, which next fire on the first of January.
    const body = {
      name: `bench ${n}`,
      task_type: 'HEALTH_CHECK',
      scheduler_type: 'cron',
      schedule_config: { cron_expression: '0 0 1 1 *' },
    };
    const response = await fetch(`${stack.apiUrl}/tasks/configs?auto_schedule=true`, {
      method: 'POST',
      headers: { authorization: `Bearer ${stack.token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`A config could not be made: ${await response.text()}`);
    ids.push(((await response.json()) as { id: number }).id);
  });
  return ids;
}

const ask = (stack: BenchStack, { paths }: Pick<Route, 'paths'>, connections: number, seconds: number) =>
  loadWith(new URL(stack.apiUrl).origin, {
    requests: paths.map((path) =>
      path === '/auth/login'
        ? { method: 'POST' as const, path: `/api/v1${path}`, body: JSON.stringify(LOGIN) }
        : { path: `/api/v1${path}` },
    ),
    connections,
    seconds,
    token: stack.token,
  });
const askEmpty = () =>
  loadWith(`http://127.0.0.1:${EMPTY_PORT}`, {
    requests: [{ path: '/empty' }],
    connections: CONNECTIONS,
    seconds: EMPTY_SECONDS,
  });

interface Measured {
  figures: Figures;
  empty: Figures;
}

async function measureAll(stack: BenchStack, routes: Route[]): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (const route of routes) {
    await ask(stack, route, CONNECTIONS, 1);
    const empty = await askEmpty();
    const figures = await ask(stack, route, CONNECTIONS, SECONDS);
    measured.push({ empty, figures });
    process.stderr.write(`  ${route.name}: ${figures.perSecond.toFixed(0)}/s\n`);
  }
  return measured;
}

function show(routes: Route[], bySize: Measured[][]): void {
  const table = new Table({
    style: { head: [], border: [] },
    head: [
      'route',
      ...EXECUTIONS.flatMap((size) => [`${size} exec.: /s`, 'p50 ms', 'p99 ms', 'of empty']),
      ...(EXECUTIONS.length > 1 ? ['share kept'] : []),
      'predecessor',
      'factor',
    ],
  });
  for (const [index, { name, predecessor }] of routes.entries()) {
    const rows = bySize.flatMap((measured) => measured[index] ?? []);
    const [least, most] = [rows[0]?.figures.perSecond ?? NaN, rows.at(-1)?.figures.perSecond ?? NaN];
    table.push([
      name,
      ...rows.flatMap(({ figures, empty }) => [
        figures.perSecond.toFixed(0),
        figures.p50Ms.toFixed(1),
        figures.p99Ms.toFixed(1),
        (figures.perSecond / empty.perSecond).toFixed(3),
      ]),
      ...(EXECUTIONS.length > 1 ? [(most / least).toFixed(2)] : []),
      predecessor ?? '',
      predecessor === undefined ? '' : (least / predecessor).toFixed(1),
    ]);
  }
  console.log(table.toString());
  const empties = bySize.flat().map(({ empty }) => empty.perSecond);
  console.log(
    `Empty route of the same Fastify: ${Math.min(...empties).toFixed(0)} – ${Math.max(...empties).toFixed(0)}/s. ` +
      `"share kept": with ${EXECUTIONS.at(-1)} executions, of what it was with ${EXECUTIONS[0]}. ` +
      `"predecessor": its answers a second with ${EXECUTIONS[0]} executions; "factor": how many times that.`,
  );
}

async function main(): Promise<void> {
  const stack = await startBenchStack({ apiPort: API_PORT, env: { LOG_LEVEL: 'info' } });
  try {
    const ids = await createConfigs(stack);
    await seedPosts(stack.database, 2_000);
    await stack.startProcess('bench/empty-server.js', { PORT: String(EMPTY_PORT) });
    const routes = routesOver(ids);
    const bySize: Measured[][] = [];
    for (const size of EXECUTIONS) {
      process.stderr.write(`With ${size} executions:\n`);
      await seedExecutions(stack.database, size, ids);
      bySize.push(await measureAll(stack, routes));
    }
    show(routes, bySize);

    const me = { paths: ['/auth/me'] };
    const alone = await ask(stack, me, 1, SECONDS);
    const [beside] = await Promise.all([
      ask(stack, me, 1, SECONDS),
      ask(stack, { paths: ['/auth/login'] }, 4, SECONDS),
    ]);
    console.log(
      `auth/me on one connection: p50 ${alone.p50Ms.toFixed(1)} ms alone, ` +
        `${beside.p50Ms.toFixed(1)} ms while four log in (predecessor: 1.2 and 460).`,
    );
    console.log(`${CONNECTIONS} connections, ${SECONDS} s each; ${machineLine()}.`);
  } finally {
    await stack.stop();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

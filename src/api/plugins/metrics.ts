import { createHash, timingSafeEqual } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { ForbiddenError, UnauthorizedError } from '../errors';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { LATENESS_BOUND_SECONDS, type Readings } from '../services/system/metrics-service';

let processMetrics: Registry | undefined;

/** Process metrics are registered once per process, even when it holds several applications (tests). */
function readProcessMetrics(): Registry {
  if (!processMetrics) collectDefaultMetrics({ register: (processMetrics = new Registry()) });
  return processMetrics;
}

const LATENESS = 'taskloom_schedule_lateness_seconds';

function createInstruments() {
  const registers = [new Registry()] as [Registry];
  return {
    registry: registers[0],
    requests: new Histogram({
      name: 'http_request_duration_seconds',
      help: 'Answered requests, by route',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    ended: new Counter({
      name: 'taskloom_executions_total',
      help: 'Executions that have ended since this process began; every API process counts all of them',
      labelNames: ['task_type', 'outcome'],
      registers,
    }),
    seconds: new Counter({
      name: 'taskloom_execution_seconds_total',
      help: 'How long they took',
      labelNames: ['task_type', 'outcome'],
      registers,
    }),
    // The three series of a histogram, as counters: PostgreSQL reports sums, so single values cannot be observed.
    lateBuckets: new Counter({
      name: `${LATENESS}_bucket`,
      help:
        'Runs by how much later than its schedule meant they began (jitter included), since this process began; ' +
        'every API process counts all of them',
      labelNames: ['le'],
      registers,
    }),
    lateSum: new Counter({ name: `${LATENESS}_sum`, help: 'How much later, in all', registers }),
    lateCount: new Counter({ name: `${LATENESS}_count`, help: 'Runs that schedules have started', registers }),
    running: new Gauge({
      name: 'taskloom_executions_running',
      help: 'Executions at work',
      labelNames: ['task_type'],
      registers,
    }),
    waiting: new Gauge({
      name: 'taskloom_queue_tasks',
      help: 'What waits for a worker, about',
      labelNames: ['kind'],
      registers,
    }),
    delay: new Gauge({
      name: 'taskloom_queue_delay_seconds',
      help: 'How long the oldest of it has waited',
      labelNames: ['kind'],
      registers,
    }),
    pool: new Gauge({
      name: 'taskloom_database_connections',
      help: 'The pool to PostgreSQL; waiting: requests for a connection',
      labelNames: ['state'],
      registers,
    }),
    budgetLimit: new Gauge({
      name: 'taskloom_reddit_budget_limit',
      help: "Requests in the present window of Reddit's budget",
      registers,
    }),
    budgetRemaining: new Gauge({
      name: 'taskloom_reddit_budget_remaining',
      help: 'Requests left in the present window',
      registers,
    }),
    budgetWaiting: new Gauge({
      name: 'taskloom_reddit_budget_waiting',
      help: 'Callers that wait for their turn, in line or deferred',
      registers,
    }),
    up: new Gauge({
      name: 'taskloom_server_up',
      help: '1 when it answered the questions for these numbers',
      labelNames: ['server'],
      registers,
    }),
  };
}

type Instruments = ReturnType<typeof createInstruments>;
const UNKNOWN_TYPE = 'unknown';

/** Adds or sets the readings. A server that did not answer is undefined in them, and `taskloom_server_up` says 0. */
function show(instruments: Instruments, { ended, lateness, running, queues, pool, budget }: Readings): void {
  showLateness(instruments, lateness);
  showExecutions(instruments, ended, running);
  showQueues(instruments, queues);
  for (const [state, count] of Object.entries<number>({ ...pool })) instruments.pool.set({ state }, count);
  showBudget(instruments, budget);
  instruments.up.set({ server: 'postgresql' }, running ? 1 : 0);
  instruments.up.set({ server: 'temporal' }, queues ? 1 : 0);
}

function showExecutions(instruments: Instruments, ended: Readings['ended'], running: Readings['running']): void {
  for (const { taskType, outcome, total, seconds } of ended) {
    const labels = { task_type: taskType ?? UNKNOWN_TYPE, outcome };
    instruments.ended.inc(labels, total);
    instruments.seconds.inc(labels, seconds);
  }
  instruments.running.reset();
  for (const { taskType, total } of running ?? [])
    instruments.running.set({ task_type: taskType ?? UNKNOWN_TYPE }, total);
}

function showQueues({ waiting, delay }: Instruments, queues: Readings['queues'] = []): void {
  waiting.reset();
  delay.reset();
  for (const queue of queues) {
    waiting.set({ kind: queue.kind }, queue.waiting);
    delay.set({ kind: queue.kind }, queue.delaySeconds);
  }
}

/** An unknown budget is left out: an old value would look like a current one. */
function showBudget({ budgetLimit, budgetRemaining, budgetWaiting }: Instruments, budget: Readings['budget']): void {
  if (!budget) {
    for (const gauge of [budgetLimit, budgetRemaining, budgetWaiting]) gauge.remove();
    return;
  }
  budgetLimit.set(budget.limit);
  budgetRemaining.set(budget.remaining);
  budgetWaiting.set(budget.waiting);
}

/** Prometheus buckets are cumulative: each contains the ones below it. */
function showLateness({ lateBuckets, lateSum, lateCount }: Instruments, lateness: Readings['lateness']): void {
  let total = 0;
  for (const [n, bound] of [...LATENESS_BOUND_SECONDS, '+Inf'].entries()) {
    total += lateness?.buckets[n] ?? 0;
    lateBuckets.inc({ le: bound }, total);
  }
  lateSum.inc(lateness?.seconds ?? 0);
  lateCount.inc(total);
}

const digest = (text: string) => createHash('sha256').update(text).digest();
const isLoopback = (address = '') =>
  address === '::1' || /^127\./.test(isIPv6(address) ? address.replace(/^::ffff:/, '') : address);

/**
 * Without METRICS_TOKEN only this machine may read. A proxy on this machine also connects from loopback, but adds
 * forwarding headers.
 */
function checkReader(request: FastifyRequest, token: string | undefined): void {
  if (token === undefined) {
    const { 'x-forwarded-for': forwardedFor, forwarded, 'x-real-ip': realIp } = request.headers;
    if (isLoopback(request.socket.remoteAddress) && !forwardedFor && !forwarded && !realIp) return;
    throw new ForbiddenError('/metrics is for this machine only, unless METRICS_TOKEN is set');
  }
  const given = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
  if (!timingSafeEqual(digest(given), digest(token)))
    throw new UnauthorizedError('/metrics asks for METRICS_TOKEN as bearer token');
}

/** /metrics, in the text format of Prometheus. */
export function installMetrics(
  app: FastifyInstance,
  services: { metrics: { read(): Promise<Readings> } },
  options: { token?: string },
): void {
  const instruments = createInstruments();
  let shown: Readings | undefined;

  app.addHook('onResponse', async (request, reply) => {
    instruments.requests.observe(
      { method: request.method, route: request.routeOptions.url ?? 'unknown', status: reply.statusCode },
      reply.elapsedTime / 1_000,
    );
  });

  app.get('/metrics', { config: { access: 'open', isProbe: true } }, async (request, reply) => {
    checkReader(request, options.token);
    const readings = await services.metrics.read();
    // Concurrent requests share one object of readings; its increments must be added once.
    if (readings !== shown) show(instruments, readings);
    shown = readings;
    const all = Registry.merge([instruments.registry, readProcessMetrics()]);
    return reply.type(all.contentType).send(await all.metrics());
  });
}

import { z } from 'zod';
import { defineTaskType } from './task-type';

/** Asks every server that runs depend on. It succeeds when it could ask; what it found is its result. */
export const healthCheck = defineTaskType({
  name: 'HEALTH_CHECK',
  summary: 'Probes PostgreSQL, Redis, Temporal and Reddit, and reports what answered',
  parameters: z.object({}),
  examples: { accepted: [{}], refused: [{ parameters: { whatever: 1 }, at: 'whatever' }] },
  isShort: true,
  async run(context) {
    const names = Object.keys(context.services.probes) as (keyof typeof context.services.probes)[];
    const results = await Promise.all(names.map((name) => context.services.probes[name]()));
    const unhealthy = names.filter((_, index) => results[index]?.status !== 'healthy');
    return {
      config_id: context.configId,
      status: unhealthy.length === 0 ? 'healthy' : 'degraded',
      timestamp: new Date().toISOString(),
      message: unhealthy.length === 0 ? 'All components answer' : `No healthy answer from ${unhealthy.join(', ')}`,
      components: Object.fromEntries(
        names.map((name, index) => [
          name,
          { status: results[index]?.status, message: results[index]?.message, latency_ms: results[index]?.latencyMs },
        ]),
      ),
    };
  },
});

import { live, ready } from '../schemas/system-schemas';
import { shareFor } from '../concurrency/share-for';
import type { SystemService } from '../services/system/system-service';
import type { ZodApp } from '../zod-app';

/** Probes for load balancers and process supervisors; they need no token. */
export function registerHealthRoutes(app: ZodApp, { system }: { system: SystemService }): void {
  const config = { access: 'open', isProbe: true } as const;
  const tags = ['health'];
  // Open to all: without sharing, anybody could keep the servers busy.
  const components = shareFor(1_000, () => system.components());

  app.get(
    '/health/live',
    { config, schema: { tags, summary: 'The process serves requests', response: { 200: live } } },
    async () => ({ status: 'ok' as const }),
  );

  app.get(
    '/health/ready',
    {
      config,
      schema: {
        tags,
        summary: 'PostgreSQL, Redis and Temporal answer',
        response: { 200: ready, 503: ready.describe('Some do not') },
      },
    },
    async (_request, reply) => {
      const found = await components();
      const isReady = Object.values(found).every((component) => component.status === 'healthy');
      return reply.status(isReady ? 200 : 503).send({ status: isReady ? 'ok' : 'unavailable', components: found });
    },
  );
}

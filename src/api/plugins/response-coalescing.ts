import { sendShared } from './response-serializer';
import { createSingleFlight } from '../concurrency/single-flight';
import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The answer follows from the address and the role of who asks: those of a role who ask at the same time share one. */
    isShared?: boolean;
  }
}

/** What `linkNextPage` tells beside the body. */
const HEADERS = ['x-next-cursor', 'link'] as const;

/** Wraps the handlers of routes that say `isShared`. Gate and validation have looked at every request before. */
export function installResponseCoalescing(app: FastifyInstance): void {
  const together = createSingleFlight();
  app.addHook('onRoute', (route) => {
    if (!route.config?.isShared || route.method !== 'GET') return;
    const { handler } = route;
    route.handler = async function (request, reply) {
      const { answer, headers } = await together(`${request.user?.role ?? 'none'} ${request.url}`, async () => {
        const answer = (await handler.call(this, request, reply)) as object;
        return { answer, headers: HEADERS.map((name) => [name, reply.getHeader(name)] as const) };
      });
      for (const [name, value] of headers) if (value !== undefined) reply.header(name, value);
      return sendShared(reply, answer);
    };
  });
}

import { createSingleFlight } from '../concurrency/single-flight';
import { sendSharedResponse } from './response-serializer';
import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The response depends on URL and role alone: concurrent requests of one role share one response. */
    isCoalesced?: boolean;
  }
}

/** Set by `linkNextPage`, or for one config; the shared response has to carry them for every request. */
const SHARED_HEADERS = ['x-next-cursor', 'link', 'etag'] as const;

/** Wraps the handlers of `isCoalesced` routes. Authentication and validation still run for every request. */
export function installResponseCoalescing(app: FastifyInstance): void {
  const singleFlight = createSingleFlight();
  app.addHook('onRoute', (route) => {
    if (!route.config?.isCoalesced || route.method !== 'GET') return;
    const { handler } = route;
    route.handler = async function (request, reply) {
      const { body, headers } = await singleFlight(`${request.user?.role ?? 'none'} ${request.url}`, async () => {
        const body = (await handler.call(this, request, reply)) as object;
        return { body, headers: SHARED_HEADERS.map((name) => [name, reply.getHeader(name)] as const) };
      });
      for (const [name, value] of headers) if (value !== undefined) reply.header(name, value);
      return sendSharedResponse(reply, body);
    };
  });
}

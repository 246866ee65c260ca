import { fastifyRequestContext, requestContext } from '@fastify/request-context';
import type { FastifyInstance } from 'fastify';

declare module '@fastify/request-context' {
  interface RequestContextData {
    reqId: string;
  }
}

/** For the lines of those who know nothing of requests, and log on behalf of one. */
export function requestLogFields(): { reqId?: string } {
  const reqId = requestContext.get('reqId');
  return reqId === undefined ? {} : { reqId };
}

/** One line per answered request, without query values, which may hold tokens; and the headers that let a client name it. */
export async function installRequestLogging(app: FastifyInstance): Promise<void> {
  await app.register(fastifyRequestContext, { defaultStoreValues: ({ id }) => ({ reqId: id }) });
  app.addHook('onRequest', async (request, reply) => {
    reply.header('X-Request-ID', request.id);
  });
  app.addHook('onSend', async (_request, reply) => {
    reply.header('X-Process-Time', (reply.elapsedTime / 1000).toFixed(3));
  });
  app.addHook('onResponse', async (request, reply) => {
    const level = reply.statusCode >= 500 ? 'error' : request.routeOptions.config?.isProbe ? 'debug' : 'info';
    request.log[level](
      {
        method: request.method,
        path: request.url.split('?', 1)[0],
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
        userId: request.user?.id,
        apiKeyId: request.apiKey?.id,
      },
      'answered',
    );
  });
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Asked every few seconds by machines: not worth a line each. */
    isProbe?: boolean;
  }
}

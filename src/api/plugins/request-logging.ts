import { fastifyRequestContext, requestContext } from '@fastify/request-context';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

declare module '@fastify/request-context' {
  interface RequestContextData {
    reqId: string;
  }
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** A route that machines poll every few seconds: logged at debug level only. */
    isProbe?: boolean;
  }
}

/** The id of the current request, for log lines of code that does not know about requests. */
export function requestLogFields(): { reqId?: string } {
  const reqId = requestContext.get('reqId');
  return reqId === undefined ? {} : { reqId };
}

function levelOf(request: FastifyRequest, reply: FastifyReply): 'error' | 'debug' | 'info' {
  if (reply.statusCode >= 500) return 'error';
  return request.routeOptions.config?.isProbe ? 'debug' : 'info';
}

/**
 * Logs one line per response, without the query string, which may hold tokens. Sends X-Request-ID, by which a client
 * can refer to the line, and X-Process-Time in seconds.
 */
export async function installRequestLogging(app: FastifyInstance): Promise<void> {
  await app.register(fastifyRequestContext, { defaultStoreValues: ({ id }) => ({ reqId: id }) });
  app.addHook('onRequest', async (request, reply) => {
    reply.header('X-Request-ID', request.id);
  });
  app.addHook('onSend', async (_request, reply) => {
    reply.header('X-Process-Time', (reply.elapsedTime / 1000).toFixed(3));
  });
  app.addHook('onResponse', async (request, reply) => {
    request.log[levelOf(request, reply)](
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

import type { FastifyInstance } from 'fastify';

/**
 * A server that closes ends its idle connections at once. One that was busy then would stay open for its next request,
 * and the process with it, until the keep-alive time is over: it ends with its answer instead.
 */
export function installOrderlyClose(app: FastifyInstance): void {
  let isClosing = false;
  app.addHook('preClose', async () => {
    isClosing = true;
  });
  app.addHook('onSend', async (_request, reply) => {
    if (isClosing) reply.header('Connection', 'close');
  });
}

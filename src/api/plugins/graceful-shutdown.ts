import type { FastifyInstance } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { UnavailableError } from '../errors';

/** For receiving a request whole, headers and body. How long its answer takes is not limited by it. */
export const REQUEST_TIMEOUT_MS = 60_000;
/** A server that closes waits this long for the rest of requests that have begun to arrive. */
const REST_WITHIN_MS = 1_000;
/** Then all that is still in work is cut off. `npm start` kills 15 s after it asked; what closes after the server has the rest. */
const CLOSED_WITHIN_MS = 8_000;

/** Node looks for requests that are overdue every half minute, unless told otherwise, and takes the longer limit for that of the body. */
export const timeoutOptions = (requestTimeoutMs: number) => ({
  headersTimeout: requestTimeoutMs,
  connectionsCheckingInterval: Math.ceil(requestTimeoutMs / 12),
});

/**
 * A server that closes ends its idle connections at once, and waits for the others as long as they like: for a body that
 * never comes, for a client that does not read. Its timeouts end with it. Here the others are ended, too: with the answer
 * that is in work, without one when their request is not there, and at last all of them.
 */
export function installGracefulShutdown(app: FastifyInstance): void {
  const sockets = trackSockets(app);
  let isClosing = false;
  app.addHook('preClose', async () => {
    isClosing = true;
    if (!app.server.listening) return;
    const timers = [
      setTimeout(() => sockets.forEachWithoutWork((socket) => socket.destroy()), REST_WITHIN_MS),
      setTimeout(() => {
        app.log.warn({ connections: sockets.count() }, 'connections are cut off: they did not end in time');
        app.server.closeAllConnections();
      }, CLOSED_WITHIN_MS),
    ];
    app.server.once('close', () => timers.forEach(clearTimeout));
  });
  app.addHook('onRequest', async () => {
    if (isClosing) throw new UnavailableError('The API is stopping');
  });
  app.addHook('onSend', async (_request, reply) => {
    if (isClosing) reply.header('Connection', 'close');
  });
  // An answer whose headers had gone before cannot say that it is the last one.
  app.addHook('onResponse', async ({ raw: { socket } }) => {
    if (isClosing && !sockets.hasWork(socket)) socket.destroySoon();
  });
}

/** Work is a request that has been received whole and is not answered yet. */
function trackSockets(app: FastifyInstance) {
  const open = new Map<Socket, Set<IncomingMessage>>();
  app.server.on('connection', (socket: Socket) => {
    open.set(socket, new Set());
    socket.once('close', () => open.delete(socket));
  });
  app.server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    const requests = open.get(request.socket);
    requests?.add(request);
    for (const end of ['finish', 'close']) response.once(end, () => requests?.delete(request));
  });
  const hasWork = (socket: Socket) => [...(open.get(socket) ?? [])].some(({ complete }) => complete);
  return {
    hasWork,
    count: () => open.size,
    forEachWithoutWork: (act: (socket: Socket) => void) => {
      for (const socket of open.keys()) if (!hasWork(socket)) act(socket);
    },
  };
}

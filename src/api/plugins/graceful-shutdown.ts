import type { FastifyInstance } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { UnavailableError } from '../errors';

/** The time limit for receiving a whole request, headers and body. The response is not limited by it. */
export const REQUEST_TIMEOUT_MS = 60_000;
/** After this time, a closing server ends the connections whose request has not arrived completely. */
const RECEIVE_WITHIN_MS = 1_000;
/**
 * After this time, a closing server ends all connections. `npm start` kills the process 15 s after it asked it to stop;
 * the remaining time is for closing the connections to the stores.
 */
const CLOSE_WITHIN_MS = 8_000;

/** By default, Node looks for overdue requests only every 30 s, and a longer headersTimeout would extend the body's. */
export const timeoutOptions = (requestTimeoutMs: number) => ({
  headersTimeout: requestTimeoutMs,
  connectionsCheckingInterval: Math.ceil(requestTimeoutMs / 12),
});

/**
 * Node ends idle connections when a server closes, but waits without limit for the others: for a body that never
 * arrives, for a client that does not read. Its own timeouts stop with the server. Here a connection ends with the
 * response in progress; without one when its request has not arrived within a second; and all of them after 8 s.
 */
export function installGracefulShutdown(app: FastifyInstance): void {
  const sockets = trackSockets(app);
  let isClosing = false;
  app.addHook('preClose', async () => {
    isClosing = true;
    if (!app.server.listening) return;
    const timers = [
      setTimeout(() => sockets.forEachWithoutWork((socket) => socket.destroy()), RECEIVE_WITHIN_MS),
      setTimeout(() => {
        app.log.warn({ connections: sockets.count() }, 'connections are cut off: they did not end in time');
        app.server.closeAllConnections();
      }, CLOSE_WITHIN_MS),
    ];
    app.server.once('close', () => timers.forEach(clearTimeout));
  });
  app.addHook('onRequest', async () => {
    if (isClosing) throw new UnavailableError('The API is stopping');
  });
  app.addHook('onSend', async (_request, reply) => {
    if (isClosing) reply.header('Connection', 'close');
  });
  // Responses whose headers were sent before the shutdown lack `Connection: close`.
  app.addHook('onResponse', async ({ raw: { socket } }) => {
    if (isClosing && !sockets.hasWork(socket)) socket.destroySoon();
  });
}

/** A socket has work while a request was received completely and its response is not finished. */
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

import { BadRequestError } from '../errors';
import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** The client's address. Kept here because `request.ip` is undefined once the client has disconnected. */
    address: string;
    /** When the headers were read (epoch, ms). Tells a request that was sent before an event from one sent after it. */
    arrivedAtMs: number;
  }
}

/**
 * Records the address and the arrival time of each request. Installed before every other hook, so that nothing is
 * awaited first. A request whose connection closed before authentication is dropped, so that no change is recorded
 * without an author.
 */
export function installRequestOrigin(app: FastifyInstance): void {
  app.decorateRequest('address', '');
  app.decorateRequest('arrivedAtMs', 0);
  // Node caches the peer's address when it is read for the first time, and keeps it after a disconnect.
  app.server.on('connection', (socket) => void socket.remoteAddress);
  app.addHook('onRequest', async (request) => {
    request.arrivedAtMs = Date.now();
    // Fastify types it as a string, but it is undefined when the socket has gone.
    const address = request.ip as string | undefined;
    if (address === undefined) throw new BadRequestError('The connection is gone');
    request.address = address;
  });
}

import { BadRequestError } from '../errors';
import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** Where it came from. `request.ip` asks the socket, which knows no longer once its caller has hung up. */
    address: string;
    /** When its headers were read. What was sent before something was done is told by this from what was sent after it. */
    arrivedAtMs: number;
  }
}

/**
 * Notes where and when a request came in, before anything is waited for; so it is installed before all that looks at requests.
 * Whoever had hung up before anybody could see who he is gets nothing done: what he changes would be nobody's.
 */
export function installRequestOrigin(app: FastifyInstance): void {
  app.decorateRequest('address', '');
  app.decorateRequest('arrivedAtMs', 0);
  // A socket remembers its peer once it was asked for it.
  app.server.on('connection', (socket) => void socket.remoteAddress);
  app.addHook('onRequest', async (request) => {
    request.arrivedAtMs = Date.now();
    // Typed as a string, and undefined all the same where the socket is gone.
    const address = request.ip as string | undefined;
    if (address === undefined) throw new BadRequestError('The connection is gone');
    request.address = address;
  });
}

import { BadRequestError } from '../errors';
import { createOriginReader } from '../http/client-address';
import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** The client's IP address. Kept here because that of the socket is gone once the client has disconnected. */
    address: string;
    /** When the headers were read (epoch, ms). Tells a request that was sent before an event from one sent after it. */
    arrivedAtMs: number;
  }
}

/** Peers that are warned of: a proxy or two, and not every client that sends the header. */
const MOST_WARNINGS = 5;

/**
 * Records the address and the arrival time of each request. Installed before every other hook, so that nothing is
 * awaited first. A request whose connection closed before authentication is dropped, so that no change is recorded
 * without an author.
 */
export function installRequestOrigin(app: FastifyInstance, trustedProxies: string[] = []): void {
  const readOrigin = createOriginReader(trustedProxies);
  const warnedOf = new Set<string>();
  function warnOfProxy(peer: string): void {
    if (warnedOf.has(peer) || warnedOf.size === MOST_WARNINGS) return;
    warnedOf.add(peer);
    app.log.warn(
      { peer },
      'X-Forwarded-For of this peer is not believed: if it is your proxy, list its address in TRUSTED_PROXIES, ' +
        'since all clients behind it count as one until then',
    );
  }
  app.decorateRequest('address', '');
  app.decorateRequest('arrivedAtMs', 0);
  // Node caches the peer's address when it is read for the first time, and keeps it after a disconnect.
  app.server.on('connection', (socket) => void socket.remoteAddress);
  app.addHook('onRequest', async (request) => {
    request.arrivedAtMs = Date.now();
    const peer = request.socket.remoteAddress;
    if (peer === undefined) throw new BadRequestError('The connection is gone');
    const { address, isForwardedByStranger } = readOrigin(peer, request.headers);
    request.address = address;
    if (isForwardedByStranger) warnOfProxy(address);
  });
}

import { MethodNotAllowedError, NotFoundError } from '../errors';
import type { FastifyInstance } from 'fastify';
import type { RouteTable } from './route-table';

/**
 * 404 or 405, before the body is read, since what it would have to be is not known. Installed after the token gate:
 * without a token there is nothing to be learnt here. A path that is written out is not taken for the id of another.
 */
export function installNotFoundHandler(app: FastifyInstance, routes: RouteTable): void {
  app.addHook('onRequest', async (request) => {
    if (request.method === 'OPTIONS') return;
    const allowed = routes.methodsOf(request.url.split('?', 1)[0] ?? '');
    if (allowed.length > 0 && !allowed.includes(request.method)) throw new MethodNotAllowedError(allowed);
    if (request.is404) throw new NotFoundError('Not Found');
  });
}

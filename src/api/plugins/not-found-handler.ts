import { MethodNotAllowedError, NotFoundError } from '../errors';
import type { FastifyInstance } from 'fastify';
import type { RouteTable } from './route-table';

/**
 * 404 or 405, before the body is read, because no schema says what it should be. Installed after authentication, so
 * that a client without a token does not learn which paths exist. A literal path takes precedence over a parameter:
 * PUT /tasks/configs/estimate is a 405, not a change of a config with the id `estimate`.
 */
export function installNotFoundHandler(app: FastifyInstance, routes: RouteTable): void {
  app.addHook('onRequest', async (request) => {
    if (request.method === 'OPTIONS') return;
    const allowed = routes.methodsOf(request.url.split('?', 1)[0] ?? '');
    if (allowed.length > 0 && !allowed.includes(request.method)) throw new MethodNotAllowedError(allowed);
    if (request.is404) throw new NotFoundError('Not Found');
  });
}

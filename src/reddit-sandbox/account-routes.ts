import type { FastifyInstance } from 'fastify';
import type { Query } from './listing-routes';
import type { TokenStore } from './token-store';
import { refuse } from './reddit-refusals';

/** Reddit serves this route from www.reddit.com, without a token and outside the rate limit. */
export function registerTokenRoute(app: FastifyInstance, tokens: TokenStore): void {
  app.post<{ Body: Query | null }>('/api/v1/access_token', async (request, reply) => {
    const { status, body } = tokens.grant(request.headers.authorization, request.body ?? {});
    return reply.code(status).send(status === 401 ? { message: 'Unauthorized', error: 401 } : body);
  });
}

export function registerAccountRoutes(app: FastifyInstance, tokens: TokenStore): void {
  app.get('/api/v1/me', async (request, reply) => {
    const username = tokens.check(request.headers.authorization)?.username;
    if (!username) return refuse(reply, 403);
    return {
      kind: 't2',
      id: 'sandbox',
      name: username,
      link_karma: 1,
      comment_karma: 1,
      is_gold: false,
      over_18: true,
      has_verified_email: true,
    };
  });
}

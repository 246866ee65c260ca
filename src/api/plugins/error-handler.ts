import { toErrorResponse } from '../error-responses';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** Every failure leaves as `{detail}`. */
export function installErrorHandler(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => {
    if (hasBrokenOff(request)) {
      request.log.info({ code: (error as { code?: string }).code }, 'the client broke off its request');
      return reply.status(400).send({ detail: 'The request broke off' });
    }
    const answer = toErrorResponse(error);
    if (answer.status >= 500) request.log.error({ err: error }, 'request failed');
    return reply
      .status(answer.status)
      .headers(answer.headers ?? {})
      .send({ detail: answer.detail });
  });

  // Only OPTIONS gets here: unknown-routes.ts answers all else before.
  app.setNotFoundHandler((_request, reply) => reply.status(404).send({ detail: 'Not Found' }));
}

/** The error is that of a lost connection then, as it would be were PostgreSQL's lost. */
const hasBrokenOff = ({ raw }: FastifyRequest) => raw.destroyed && !raw.complete;

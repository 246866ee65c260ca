import { toErrorResponse } from '../error-responses';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** A server that restarts is back within seconds, and clients that ask more often would be in its way. */
const RETRY_AFTER_SECONDS = '5';

/** Every error response has the body `{detail}`. */
export function installErrorHandler(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => {
    if (isAborted(request)) {
      request.log.info({ code: (error as { code?: string }).code }, 'the client broke off its request');
      return reply.status(400).send({ detail: 'The request broke off' });
    }
    const { status, headers = {}, detail } = toErrorResponse(error);
    if (status >= 500) request.log.error({ err: error }, 'request failed');
    if (status === 503) reply.header('Retry-After', RETRY_AFTER_SECONDS);
    return reply.status(status).headers(headers).send({ detail });
  });

  // Only OPTIONS gets here: not-found-handler.ts answers every other method earlier.
  app.setNotFoundHandler((_request, reply) => reply.status(404).send({ detail: 'Not Found' }));
}

/** The client disconnected while sending. The error has the same code as a lost connection to PostgreSQL would. */
const isAborted = ({ raw }: FastifyRequest) => raw.destroyed && !raw.complete;

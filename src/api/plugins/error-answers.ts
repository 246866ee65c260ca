import { STATUS_CODES } from 'node:http';
import { answerError } from '../errors';
import type { ConnectionError, FastifyInstance } from 'fastify';
import type { Socket } from 'node:net';

/** Every failure leaves as `{detail}`. */
export function installErrorAnswers(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => {
    const answer = answerError(error);
    if (answer.status >= 500) request.log.error({ err: error }, 'request failed');
    return reply.status(answer.status).headers(answer.headers ?? {}).send({ detail: answer.detail });
  });

  // Only OPTIONS gets here: unknown-routes.ts answers all else before.
  app.setNotFoundHandler((_request, reply) => reply.status(404).send({ detail: 'Not Found' }));
}

/** What is no HTTP request, and so reaches neither hooks nor routes: only its socket can be answered. */
export function answerClientError(error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const status = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 }[error.code ?? ''] ?? 400;
  const body = JSON.stringify({ detail: STATUS_CODES[status] });
  if (socket.writable) socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Length: ${body.length}\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n${body}`);
  socket.destroy(error);
}

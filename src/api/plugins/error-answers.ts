import { STATUS_CODES } from 'node:http';
import { answerError } from '../errors';
import type { ConnectionError, FastifyInstance } from 'fastify';
import type { Socket } from 'node:net';

/** Every failure leaves as `{detail}`; unknown paths and methods too. */
export function installErrorAnswers(app: FastifyInstance): void {
  const routes: { pattern: RegExp; methods: string[] }[] = [];
  app.addHook('onRoute', ({ url, method }) => {
    if (url.includes('*')) return;
    const pattern = new RegExp(`^${url.replace(/[.]/g, '\\.').replace(/:[^/]+/g, '[^/]+')}/?$`);
    routes.push({ pattern, methods: [method].flat() });
  });

  app.setErrorHandler((error, request, reply) => {
    const answer = answerError(error);
    if (answer.status >= 500) request.log.error({ err: error }, 'request failed');
    return reply.status(answer.status).headers(answer.headers ?? {}).send({ detail: answer.detail });
  });

  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '';
    const allowed = [...new Set(routes.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods))];
    if (allowed.length === 0) return reply.status(404).send({ detail: 'Not Found' });
    return reply.status(405).header('Allow', allowed.join(', ')).send({ detail: 'Method Not Allowed' });
  });
}

/** What is no HTTP request, and so reaches neither hooks nor routes: only its socket can be answered. */
export function answerClientError(error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const status = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 }[error.code ?? ''] ?? 400;
  const body = JSON.stringify({ detail: STATUS_CODES[status] });
  if (socket.writable) socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Length: ${body.length}\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n${body}`);
  socket.destroy(error);
}

import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionError, FastifyInstance } from 'fastify';
import { BadRequestError, ExpectationFailedError } from '../errors';
import { securityHeaders } from './security-headers';

/** Node answers 400 and nothing else to a request without a Host; here a hook refuses it. */
export const connectionOptions = { requireHostHeader: false };

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';

/** What Node would answer itself, or not at all, is answered like any other request: with a detail and an id. */
export function installConnectionErrorHandler(app: FastifyInstance): void {
  app.server.on(
    'checkExpectation',
    (request: IncomingMessage, response: ServerResponse) => void app.server.emit('request', request, response),
  );
  app.server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    // Node no longer looks after this socket.
    socket.on('error', () => socket.destroy());
    answerSocket(app, socket, 405, { Allow: METHODS });
  });
  app.addHook('onRequest', async ({ raw: { headers, httpVersion } }) => {
    if (httpVersion === '1.1' && headers.host === undefined) throw new BadRequestError('The Host header is missing');
    if (httpVersion === '1.1' && headers.expect !== undefined && !/(^|\W)100-continue($|\W)/i.test(headers.expect))
      throw new ExpectationFailedError();
  });
}

/** What is no HTTP request, and so reaches neither hooks nor routes: only its socket can be answered. */
export function answerClientError(this: FastifyInstance, error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const status = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 }[error.code ?? ''] ?? 400;
  // In the middle of another answer it would be taken for a part of that one.
  const { _httpMessage: answer } = socket as Socket & { _httpMessage?: ServerResponse | null };
  if (!socket.writable || answer?.headersSent) socket.destroy(error);
  else answerSocket(this, socket, status, {}, error.code);
}

function answerSocket(
  app: FastifyInstance,
  socket: Socket,
  status: number,
  headers: Record<string, string>,
  code?: string,
): void {
  const reqId = randomUUID();
  const body = JSON.stringify({ detail: STATUS_CODES[status] });
  const all = {
    'X-Request-ID': reqId,
    ...securityHeaders,
    ...headers,
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': body.length,
    Connection: 'close',
  };
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  app.log.info({ reqId, status, code }, 'answered what is no request');
  socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head.join('')}\r\n${body}`);
  socket.destroySoon();
}

import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionError, FastifyInstance } from 'fastify';
import { BadRequestError, ExpectationFailedError, UnsupportedEncodingError } from '../errors';
import { securityHeaders } from './security-headers';

/** Node would answer a request without Host with a bare 400. A hook refuses it instead, with `{detail}`. */
export const connectionOptions = { requireHostHeader: false };

/** Node takes the first of several. Others may take another one, and decide about another request than we answer. */
const SINGLE_HEADERS = ['Host', 'Authorization', 'Content-Type'];
const countOf = (name: string, rawHeaders: string[]) =>
  rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === name.toLowerCase()).length;

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';

/** Requests that Node would answer itself, or drop, get a response like any other: `{detail}` and a request id. */
export function installConnectionErrorHandler(app: FastifyInstance): void {
  app.server.on(
    'checkExpectation',
    (request: IncomingMessage, response: ServerResponse) => void app.server.emit('request', request, response),
  );
  app.server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    // Node handles no errors of this socket any more.
    socket.on('error', () => socket.destroy());
    answerSocket(app, socket, 405, { Allow: METHODS });
  });
  app.addHook('onRequest', async ({ raw }) => {
    refuseAmbiguity(raw);
    if (isCompressed(raw)) throw new UnsupportedEncodingError();
    if (hasUnknownExpectation(raw)) throw new ExpectationFailedError();
  });
}

function refuseAmbiguity({ headers, rawHeaders, httpVersion }: IncomingMessage): void {
  if (httpVersion !== '1.1' && httpVersion !== '1.0') throw new BadRequestError('Use HTTP/1.1');
  if (httpVersion === '1.1' && headers.host === undefined) throw new BadRequestError('The Host header is missing');
  const repeated = SINGLE_HEADERS.find((name) => countOf(name, rawHeaders) > 1);
  if (repeated) throw new BadRequestError(`The request has more than one ${repeated} header`);
}

const isCompressed = ({ headers: { 'content-encoding': encoding = '' } }: IncomingMessage) =>
  !/^\s*(identity\s*)?$/i.test(encoding);

const hasUnknownExpectation = ({ headers: { expect }, httpVersion }: IncomingMessage) =>
  httpVersion === '1.1' && expect !== undefined && !/(^|\W)100-continue($|\W)/i.test(expect);

/** For bytes that are not a valid HTTP request: they reach neither hooks nor routes, so the socket is written to. */
export function answerClientError(this: FastifyInstance, error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const status = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 }[error.code ?? ''] ?? 400;
  // Once another response has begun on this socket, the client would read this one as a part of it.
  const { _httpMessage: response } = socket as Socket & { _httpMessage?: ServerResponse | null };
  if (!socket.writable || response?.headersSent) socket.destroy(error);
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
  app.log.info({ reqId, status, code }, 'answered a malformed request');
  socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head.join('')}\r\n${body}`);
  socket.destroySoon();
}

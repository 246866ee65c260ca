import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { FaultPlan } from './fault-plan';
import { refuse } from './reddit-refusals';

const HTML_PAGE =
  '<!doctype html>\n<html><head><title>Ow! -- reddit.com</title></head><body>' +
  '<h1>all of our servers are busy right now</h1><p>please try again in a minute</p></body></html>\n';
/** The response header that names the injected fault. */
export const FAULT_HEADER = 'x-taskloom-fault';

export function addFaultHooks(
  app: FastifyInstance,
  faults: FaultPlan,
  onReset: (request: FastifyRequest) => void,
): void {
  app.addHook('onRequest', async (request, reply) => {
    const path = request.url.split('?')[0]!;
    const { ms, isHung } = faults.delay(path);
    if (isHung) reply.header(FAULT_HEADER, 'hang');
    // The timer is unreferenced, so that a slow answer does not keep a closing process alive.
    if (ms) await sleep(ms, undefined, { ref: false });
    // The client has given up by now, so no further fault applies.
    if (isHung) return;
    const fault = faults.next(path);
    if (fault === 'none') return;
    const { errorStatus, htmlStatus, retryAfterSeconds } = faults.current();
    reply.header(FAULT_HEADER, fault);
    switch (fault) {
      case 'truncate': // By the onSend hook, once there is a body.
        return;
      case 'reset':
        onReset(request);
        reply.hijack();
        request.raw.socket.resetAndDestroy();
        return reply;
      case 'rate-limit': {
        const seconds = String(retryAfterSeconds);
        return refuse(
          reply.headers({ 'retry-after': seconds, 'x-ratelimit-remaining': '0.0', 'x-ratelimit-reset': seconds }),
          429,
        );
      }
      case 'error':
        return refuse(reply, errorStatus);
      case 'html':
        return reply.code(htmlStatus).type('text/html; charset=UTF-8').send(HTML_PAGE);
    }
  });

  app.addHook('onSend', async (_request, reply, payload) =>
    reply.getHeader(FAULT_HEADER) === 'truncate' && typeof payload === 'string'
      ? payload.slice(0, payload.length / 2)
      : payload,
  );
}

import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { FastifyInstance, FastifyReply, FastifySerializerCompiler } from 'fastify';

/**
 * Serializes without validation. Presenters build responses field by field, and TypeScript checks them against the
 * schemas. Validating each response again took five times as long as serializing it.
 */
const serialize: FastifySerializerCompiler<z.ZodType> = () => (body) => JSON.stringify(body);

/** For tests: throws when a response does not fit its schema, or has a field that the schema does not name. */
const serializeValidated: FastifySerializerCompiler<z.ZodType> =
  ({ schema, method, url }) =>
  (body) => {
    const text = JSON.stringify(body);
    const declared = JSON.stringify(z.encode(schema, body));
    if (!isDeepStrictEqual(JSON.parse(text), JSON.parse(declared)))
      throw new Error(`${method} ${url} answers with fields that its schema does not name: ${text}`);
    return text;
  };

export function installResponseSerializer(app: FastifyInstance, options: { areValidated?: boolean }): void {
  app.setSerializerCompiler(options.areValidated ? serializeValidated : serialize);
}

const serialized = new WeakMap<object, Buffer>();

/** Sends an object that several requests share and nobody changes: it is serialized once. */
export function sendSharedResponse(reply: FastifyReply, body: object): FastifyReply {
  let bytes = serialized.get(body);
  if (!bytes) {
    bytes = Buffer.from(reply.serializeInput(body as Record<string, unknown>, '200') as string);
    serialized.set(body, bytes);
  }
  return reply.type('application/json; charset=utf-8').send(bytes);
}

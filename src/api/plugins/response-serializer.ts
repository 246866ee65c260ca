import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { FastifyInstance, FastifyReply, FastifySerializerCompiler } from 'fastify';

/**
 * Presenters build answers field by field, and TypeScript compares them with the schemas; so they are written as they are.
 * Checking each of them again took five times as long as writing it.
 */
const write: FastifySerializerCompiler<z.ZodType> = () => (answer) => JSON.stringify(answer);

/** For tests: an answer that its schema does not allow, or with a field that it does not name, is an error. */
const writeChecked: FastifySerializerCompiler<z.ZodType> =
  ({ schema, method, url }) =>
  (answer) => {
    const text = JSON.stringify(answer);
    const declared = JSON.stringify(z.encode(schema, answer));
    if (!isDeepStrictEqual(JSON.parse(text), JSON.parse(declared)))
      throw new Error(`${method} ${url} answers with fields that its schema does not name: ${text}`);
    return text;
  };

export function installResponseSerializer(app: FastifyInstance, options: { areChecked?: boolean }): void {
  app.setSerializerCompiler(options.areChecked ? writeChecked : write);
}

const written = new WeakMap<object, Buffer>();

/** For an answer that several callers share, and nobody changes: it is written once. */
export function sendShared(reply: FastifyReply, answer: object): FastifyReply {
  let bytes = written.get(answer);
  if (!bytes)
    written.set(
      answer,
      (bytes = Buffer.from(reply.serializeInput(answer as Record<string, unknown>, '200') as string)),
    );
  return reply.type('application/json; charset=utf-8').send(bytes);
}

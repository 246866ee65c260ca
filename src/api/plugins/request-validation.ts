import { RequestValidationError } from '../errors';
import { toValidationErrors, type ValidationError } from '../http/validation-errors';
import { readJson, UnreadableBody } from '../http/json-body';
import { findUnstorableTexts } from '../http/unstorable-text';
import type { FastifyInstance, FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * What no schema alone can see. The handler finds it too; this is asked when the request has other faults besides, so
     * that all are told at once. A part that could not be read is undefined; a body may have any shape.
     */
    findMoreFaults?: (parts: { params: unknown; body: unknown }) => Promise<ValidationError[]>;
  }
}

/**
 * Marks what stands in place of a part of the request that cannot be used, until all parts have been looked at. A
 * symbol and no class: Fastify copies the properties of headers into an object of its own.
 */
const FAULTS = Symbol('faults');
const SENT = Symbol('sent');
type Marked = { [FAULTS]?: ValidationError[]; [SENT]?: unknown } | null | undefined;
const unusable = (items: ValidationError[], sent?: unknown) => ({ value: { [FAULTS]: items, [SENT]: sent } });
const faultsOf = (part: unknown) => (part as Marked)?.[FAULTS] ?? [];

const WHERE = { body: 'body', querystring: 'query', params: 'path', headers: 'header' };

const compile: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  const where = WHERE[httpPart as keyof typeof WHERE];
  return (data: unknown) => {
    if (data instanceof UnreadableBody)
      return unusable([
        {
          type: 'json_invalid',
          loc: ['body', data.offset],
          msg: 'JSON decode error',
          input: {},
          ctx: { error: data.reason },
        },
      ]);
    const unstorable = findUnstorableTexts(data);
    if (unstorable.tooDeep) return unusable(toValidationErrors(where, [unstorable.tooDeep], undefined));
    const parsed = schema.safeParse(data, { reportInput: true });
    const issues = [...unstorable.issues, ...(parsed.error?.issues ?? [])];
    if (!parsed.success || issues.length > 0) return unusable(toValidationErrors(where, issues, data), data);
    // Header schemas name only what the route reads; the others stay.
    return { value: where === 'header' ? data : parsed.data };
  };
};

const JSON_TYPE = /^application\/([\w.+-]+\+)?json\b/i;
const MEDIA_TYPE = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\s*(;|$)/;

/** Checks path, query and body by their zod schemas and reports all faults at once. */
export function installRequestValidation(app: FastifyInstance): void {
  app.setValidatorCompiler(compile);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (request, body, done) => {
    const type = request.headers['content-type'] ?? '';
    done(null, body === '' || type === '' || JSON_TYPE.test(type) ? readJson(body as string) : body);
  });
  // Fastify refuses a type that it cannot read before any route has its say; here it is one that is not JSON.
  app.addHook('onRequest', async ({ raw: { headers } }) => {
    if (headers['content-type'] !== undefined && !MEDIA_TYPE.test(headers['content-type']))
      headers['content-type'] = headers['content-type'].trim() === '' ? undefined : 'application/octet-stream';
  });
  app.addHook('preHandler', async (request) => {
    const { params, body } = request;
    const items = [params, request.query, request.headers, body].flatMap(faultsOf);
    if (items.length === 0) return;
    const sent = faultsOf(body).length > 0 ? (body as Marked)?.[SENT] : body;
    const more = await request.routeOptions.config.findMoreFaults?.({
      params: faultsOf(params).length > 0 ? undefined : params,
      body: sent,
    });
    throw new RequestValidationError([...items, ...(more ?? [])]);
  });
}

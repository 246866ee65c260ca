import { RequestValidationError } from '../errors';
import { toValidationErrors, type ValidationError } from '../http/validation-errors';
import { readJson, UnreadableBody } from '../http/json-body';
import { findUnstorableTexts } from '../http/unstorable-text';
import type { FastifyInstance, FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * Finds the errors that only a service can see. Called when the schemas have found errors, so that the response
     * lists all of them; otherwise the handler finds them itself. A part that the schema refused is undefined, except
     * the body, which may have any shape.
     */
    findMoreValidationErrors?: (parts: { params: unknown; body: unknown }) => Promise<ValidationError[]>;
  }
}

/**
 * An invalid part of the request is replaced by an object with these keys until all parts have been validated. The keys
 * are symbols, and the object has no class, because Fastify copies the properties of headers into another object.
 */
const ERRORS = Symbol('errors');
const SENT = Symbol('sent');
type InvalidPart = { [ERRORS]?: ValidationError[]; [SENT]?: unknown } | null | undefined;
const invalid = (items: ValidationError[], sent?: unknown) => ({ value: { [ERRORS]: items, [SENT]: sent } });
const errorsOf = (part: unknown) => (part as InvalidPart)?.[ERRORS] ?? [];

const WHERE = { body: 'body', querystring: 'query', params: 'path', headers: 'header' };

const compile: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  const where = WHERE[httpPart as keyof typeof WHERE];
  return (data: unknown) => {
    if (data instanceof UnreadableBody)
      return invalid([
        {
          type: 'json_invalid',
          loc: ['body', data.offset],
          msg: 'JSON decode error',
          input: {},
          ctx: { error: data.reason },
        },
      ]);
    const unstorable = findUnstorableTexts(data);
    if (unstorable.tooDeep) return invalid(toValidationErrors(where, [unstorable.tooDeep], undefined));
    const parsed = schema.safeParse(data, { reportInput: true });
    const issues = [...unstorable.issues, ...(parsed.error?.issues ?? [])];
    if (!parsed.success || issues.length > 0) return invalid(toValidationErrors(where, issues, data), data);
    // Header schemas name only the headers that the route reads; the others are kept.
    return { value: where === 'header' ? data : parsed.data };
  };
};

const JSON_TYPE = /^application\/([\w.+-]+\+)?json\b/i;
const MEDIA_TYPE = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\s*(;|$)/;

/** Validates path, query, headers and body by their zod schemas, and reports all errors in one response. */
export function installRequestValidation(app: FastifyInstance): void {
  app.setValidatorCompiler(compile);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (request, body, done) => {
    const type = request.headers['content-type'] ?? '';
    done(null, body === '' || type === '' || JSON_TYPE.test(type) ? readJson(body as string) : body);
  });
  // Fastify refuses a malformed content type before any hook of a route. Here it counts as a type that is not JSON.
  app.addHook('onRequest', async ({ raw: { headers } }) => {
    if (headers['content-type'] !== undefined && !MEDIA_TYPE.test(headers['content-type']))
      headers['content-type'] = headers['content-type'].trim() === '' ? undefined : 'application/octet-stream';
  });
  app.addHook('preHandler', async (request) => {
    const { params, body } = request;
    const items = [params, request.query, request.headers, body].flatMap(errorsOf);
    if (items.length === 0) return;
    const sent = errorsOf(body).length > 0 ? (body as InvalidPart)?.[SENT] : body;
    const more = await request.routeOptions.config.findMoreValidationErrors?.({
      params: errorsOf(params).length > 0 ? undefined : params,
      body: sent,
    });
    throw new RequestValidationError([...items, ...(more ?? [])]);
  });
}

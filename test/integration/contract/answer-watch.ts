import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import Ajv2020, { type ErrorObject, type ValidateFunction } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { createOpenapiDocument } from '../../../src/api/openapi/openapi-document';
import { ERROR_SHAPE, FAULTS_SHAPE } from './contract-objects';
import { SHAPES } from './contract-shapes';
import type { ZodType } from 'zod';
import type { Access } from '../../../src/api/access-levels';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

interface Operation {
  tags?: string[];
  responses: Record<string, { content?: Record<string, { schema?: object }> }>;
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
}
export interface AppRoute {
  /** `GET /api/v1/users/{user_id}` */
  name: string;
  access: Access;
}

/** Forbids fields that the schema does not name. The document itself allows them, so that fields can be added later. */
function strict(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map(strict);
  const inner = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, strict(value)]));
  return inner.type === 'object' && inner.properties !== undefined && inner.additionalProperties === undefined
    ? { ...inner, additionalProperties: false }
    : inner;
}

const pointer = (...keys: string[]) =>
  keys.map((key) => `/${encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('');

const describeSchemaError = ({ instancePath, message, params }: ErrorObject) =>
  `${instancePath} ${message} ${JSON.stringify(params)}`;

function shapeOf(name: string, status: number): ZodType | undefined {
  if (status === 422) return FAULTS_SHAPE;
  return status >= 400 ? ERROR_SHAPE : SHAPES[name.replace('/api/v1', '')]?.[status];
}

function findContractFaults(name: string, status: number, body: unknown): string[] {
  const issues = shapeOf(name, status)?.safeParse(body).error?.issues ?? [];
  return issues.map((issue) => `${name} ${status}, by the contract: ${issue.path.join('.')} ${issue.message}`);
}

/** Compares answers with the OpenAPI document, and with the shapes of the contract. */
async function createAnswerCheck() {
  const document = (await createOpenapiDocument()) as Document;
  const ajv = addFormats(new Ajv2020({ strict: false, allErrors: true })).addSchema({
    $id: 'api',
    ...(strict(document) as object),
  });
  const compiled = new Map<string, ValidateFunction>();

  const findFaults = (method: string, path: string, status: number, body: unknown): string[] => {
    const name = `${method.toUpperCase()} ${path}`;
    const documented = document.paths[path]?.[method]?.responses[status];
    if (!documented) return [`${name} answers ${status}, which the document does not list`];
    if (!documented.content) return body === null ? [] : [`${name} ${status} has a body`];
    if (!documented.content['application/json']) return [];
    const keys = ['paths', path, method, 'responses', String(status), 'content', 'application/json', 'schema'];
    const key = `api#${pointer(...keys)}`;
    const validate = compiled.get(key) ?? ajv.compile({ $ref: key });
    compiled.set(key, validate);
    const isValid = validate(body);
    return [
      ...(isValid ? [] : (validate.errors ?? []).map((error) => `${name} ${status}: ${describeSchemaError(error)}`)),
      ...findContractFaults(name, status, body),
    ];
  };
  return { document, findFaults };
}

/** Null for an answer without a body. */
const parseBody = (payload: unknown): unknown =>
  typeof payload === 'string' && payload !== '' ? JSON.parse(payload) : null;

/** The documented operation that a request calls; HEAD is answered like GET. */
function operationOf(request: FastifyRequest): { method: string; path: string; name: string } {
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const path = templateOf(request.routeOptions.url ?? '');
  return { method: method.toLowerCase(), path, name: `${method} ${path}` };
}

const templateOf = (url: string) => url.replace(/:(\w+)/g, '{$1}');

/** The operations of the document, such as `GET /api/v1/users`, with their tags. */
export const operationsOf = ({ paths }: Document): { name: string; tags: string[] }[] =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { tags = [] }]) => ({ name: `${method.toUpperCase()} ${path}`, tags })),
  );

/**
 * Watches every Fastify application that is created from now on: checks each of its answers, and records which routes
 * have succeeded.
 */
export async function watchAnswers() {
  const { document, findFaults } = await createAnswerCheck();
  const faults: string[] = [];
  const succeeded = new Set<string>();
  const routes = new Map<string, AppRoute>();

  const findHeaderFaults = (name: string, reply: FastifyReply): string[] => {
    const { statusCode: status } = reply;
    const hasRequestId = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(String(reply.getHeader('x-request-id')));
    const hasChallenge = status !== 401 || reply.getHeader('www-authenticate') === 'Bearer';
    return [
      ...(hasRequestId ? [] : [`${name} ${status}: no request id`]),
      ...(hasChallenge ? [] : [`${name}: a 401 without WWW-Authenticate`]),
    ];
  };

  /** The body of an answer to a URL outside the document: no route, a page, the document itself, or metrics. */
  const findErrorFaults = (name: string, status: number, payload: unknown): string[] => {
    if (status < 400) return [];
    const body = typeof payload === 'string' ? payload : 'null';
    return ERROR_SHAPE.safeParse(JSON.parse(body)).success ? [] : [`${name} ${status}: ${body}`];
  };

  const check = (request: FastifyRequest, reply: FastifyReply, sent: unknown) => {
    const payload = Buffer.isBuffer(sent) ? sent.toString() : sent;
    const { statusCode: status } = reply;
    const isHead = request.method === 'HEAD';
    const { method, path, name } = operationOf(request);
    if (status < 300 && !isHead) succeeded.add(name);
    faults.push(...findHeaderFaults(name, reply));
    if (request.method === 'OPTIONS' || (isHead && !payload)) return;
    const isDocumented = document.paths[path]?.[method] !== undefined;
    faults.push(
      ...(isDocumented ? findFaults(method, path, status, parseBody(payload)) : findErrorFaults(name, status, payload)),
    );
  };

  const onApp = (message: unknown) => {
    const { fastify } = message as { fastify: FastifyInstance };
    fastify.addHook('onRoute', ({ method, url, config }) => {
      for (const one of [method].flat()) {
        const name = `${one} ${templateOf(url)}`;
        if (one !== 'HEAD' && one !== 'OPTIONS') routes.set(name, { name, access: config?.access ?? 'admin' });
      }
    });
    fastify.addHook('onSend', async (request, reply, payload) => {
      try {
        check(request, reply, payload);
      } catch (error) {
        // An error thrown in the hook would become the answer.
        faults.push(`${request.method} ${request.url} ${reply.statusCode}: ${String(error)}`);
      }
    });
  };
  subscribe('fastify.initialization', onApp);

  return {
    document,
    routes,
    succeeded,
    /** The faults found in answers since the last call. */
    takeFaults: () => faults.splice(0),
    stop: () => void unsubscribe('fastify.initialization', onApp),
  };
}

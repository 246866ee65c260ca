import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { createOpenapiDocument } from '../../../src/api/openapi/openapi-document';
import { ERROR_SHAPE, FAULTS_SHAPE, SHAPES } from './contract-shapes';
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

/** In the document answers may get further fields one day; here they have none that it does not name. */
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

/** Holds answers against the API's own document, and against what the contract says in its own words. */
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
    const key = `api#${pointer('paths', path, method, 'responses', String(status), 'content', 'application/json', 'schema')}`;
    const validate = compiled.get(key) ?? ajv.compile({ $ref: key });
    compiled.set(key, validate);
    const isOk = validate(body);
    const shape =
      status === 422 ? FAULTS_SHAPE : status >= 400 ? ERROR_SHAPE : SHAPES[name.replace('/api/v1', '')]?.[status];
    const told = shape?.safeParse(body).error?.issues ?? [];
    return [
      ...(isOk
        ? []
        : (validate.errors ?? []).map(
            (error) => `${name} ${status}: ${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`,
          )),
      ...told.map((issue) => `${name} ${status}, by the contract: ${issue.path.join('.')} ${issue.message}`),
    ];
  };
  return { document, findFaults };
}

const templateOf = (url: string) => url.replace(/:(\w+)/g, '{$1}');

/**
 * Listens to every application that is made from now on, whoever calls it and how: what it answers is checked, and which
 * of its routes have succeeded is noted.
 */
export async function watchAnswers() {
  const { document, findFaults } = await createAnswerCheck();
  const faults: string[] = [];
  const succeeded = new Set<string>();
  const routes = new Map<string, AppRoute>();

  const look = (request: FastifyRequest, reply: FastifyReply, sent: unknown) => {
    const payload = Buffer.isBuffer(sent) ? sent.toString() : sent;
    const { statusCode: status } = reply;
    const method = (request.method === 'HEAD' ? 'GET' : request.method).toLowerCase();
    const path = templateOf(request.routeOptions.url ?? '');
    const name = `${method.toUpperCase()} ${path}`;
    if (status < 300 && request.method !== 'HEAD') succeeded.add(name);
    if (!/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(String(reply.getHeader('x-request-id'))))
      faults.push(`${name} ${status}: no request id`);
    if (status === 401 && reply.getHeader('www-authenticate') !== 'Bearer')
      faults.push(`${name}: a 401 without WWW-Authenticate`);
    if (request.method === 'OPTIONS' || (request.method === 'HEAD' && !payload)) return;
    if (document.paths[path]?.[method])
      return void faults.push(
        ...findFaults(method, path, status, typeof payload === 'string' && payload !== '' ? JSON.parse(payload) : null),
      );
    // No route, or one that is no part of the document: a page, the document itself, figures for machines.
    const text = typeof payload === 'string' ? payload : 'null';
    if (status >= 400 && !ERROR_SHAPE.safeParse(JSON.parse(text)).success) faults.push(`${name} ${status}: ${text}`);
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
        look(request, reply, payload);
      } catch (error) {
        // Thrown here it would be an answer.
        faults.push(`${request.method} ${request.url} ${reply.statusCode}: ${String(error)}`);
      }
    });
  };
  subscribe('fastify.initialization', onApp);

  return {
    document,
    routes,
    succeeded,
    /** What was wrong with answers since the last time. */
    takeFaults: () => faults.splice(0),
    stop: () => void unsubscribe('fastify.initialization', onApp),
  };
}

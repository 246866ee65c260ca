import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { createJsonSchemaTransform } from 'fastify-type-provider-zod';
import { describeAccess, scopeFor, type Access } from '../access-levels';
import { completeDocument, operationKey, zodToJsonConfig } from '../openapi/complete-document';
import {
  unprocessable,
  forbiddenUnless,
  notFound,
  payloadTooLarge,
  tooManyRequests,
  unauthorized,
  unavailable,
} from '../schemas/common-schemas';
import type { FastifyContextConfig, FastifyInstance, FastifySchema } from 'fastify';
import type { z } from 'zod';

const TAGS = [
  { name: 'auth', description: 'Sign in, and sessions' },
  { name: 'users', description: 'Who may sign in' },
  { name: 'configs', description: 'Stored, named uses of a task type' },
  { name: 'schedules', description: 'When configs run' },
  { name: 'executions', description: 'What ran, and what became of it' },
  { name: 'execute', description: 'Run now' },
  { name: 'exports', description: 'Files that DATA_EXPORT wrote' },
  { name: 'system', description: 'State of the service' },
  { name: 'reddit', description: 'Scraped content' },
  { name: 'audit', description: 'Who did what' },
  { name: 'health', description: 'Probes for machines' },
];

const API_KEY =
  "An API key from POST /api/v1/auth/api-keys; leave out 'Bearer'. Each operation lists the scopes it accepts.";
const SECURITY_SCHEMES = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description:
      "The access_token from POST /api/v1/auth/login; leave out 'Bearer'. Each operation lists the roles it accepts.",
  },
  apiKey: { type: 'http', scheme: 'bearer', bearerFormat: 'tlk_…', description: API_KEY },
} as const;

/** Describes what a route requires of its callers. Returns the error responses that authentication can produce. */
function describeSecurity(
  schema: FastifySchema,
  access: Exclude<Access, 'open'>,
  config: FastifyContextConfig,
): object {
  const needs = describeAccess(access, config);
  const scope = scopeFor(access, config.keyScope);
  schema.security = [
    { bearer: access === 'user' ? [] : [access] },
    ...(config.isSessionOnly ? [] : [{ apiKey: scope ? [scope] : [] }]),
  ];
  // Fastify registers HEAD with the schema object of GET: the text must not be appended twice.
  if (!schema.description?.endsWith(needs))
    schema.description = schema.description ? `${schema.description}\n\n${needs}` : needs;
  // The user may have been deleted (404), the lookup may fail (503), and invalid keys are rate limited (429).
  return { ...unauthorized, ...forbiddenUnless(needs), ...notFound, ...tooManyRequests, ...unavailable };
}

/** Bodies that may be left out; a request without a body is validated as null. */
const isOptional = (body: unknown) => (body as z.ZodType | undefined)?.safeParse(null).success === true;

/** The error responses that plugins produce for a route: authentication, the body limit, validation. */
function errorResponsesOf(schema: FastifySchema, config: FastifyContextConfig, methods: string[]): object {
  const { access = 'admin' } = config;
  // The body limit also applies where the route ignores the body.
  const mayHaveBody = methods.some((method) => method !== 'GET' && method !== 'HEAD');
  const isValidated = schema.body ?? schema.params ?? schema.querystring ?? schema.headers;
  return {
    ...(access === 'open' ? {} : describeSecurity(schema, access, config)),
    ...(mayHaveBody ? payloadTooLarge : {}),
    ...(isValidated ? unprocessable : {}),
  };
}

/**
 * Swagger UI sets inline styles from its scripts. The policy has no upgrade-insecure-requests: over plain http a
 * browser would load the page's scripts by https and show an empty page.
 */
const PAGE_POLICY =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src " +
  "'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/** Hides the link to the library's own copy of the document; the API serves it at /openapi.json. */
const PAGE_STYLE = '.swagger-ui .info .title + .link, .swagger-ui .info .main > .link { display: none; }';

/** Serves the OpenAPI 3.1 document of the routes' zod schemas at /openapi.json, and Swagger UI at /docs. */
export async function installOpenapi(app: FastifyInstance, options: { version: string }): Promise<void> {
  const optionalBodies = new Set<string>();
  app.addHook('onRoute', (route) => {
    const { schema } = route;
    if (!schema || schema.hide) return;
    const methods = [route.method].flat();
    if (isOptional(schema.body)) for (const method of methods) optionalBodies.add(operationKey(method, route.url));
    schema.response = { ...errorResponsesOf(schema, route.config ?? {}, methods), ...(schema.response as object) };
  });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Taskloom',
        version: options.version,
        description: 'Named, parameterised jobs, run durably on Temporal',
      },
      tags: TAGS,
      components: { securitySchemes: SECURITY_SCHEMES },
    },
    transform: createJsonSchemaTransform({ zodToJsonConfig }),
    transformObject: completeDocument(optionalBodies),
    hideUntagged: true,
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    // BaseLayout has no top bar, which would show the library's logo and a field for other documents.
    uiConfig: { persistAuthorization: true, layout: 'BaseLayout' },
    theme: { title: 'Taskloom API', css: [{ filename: 'taskloom.css', content: PAGE_STYLE }] },
    staticCSP: PAGE_POLICY,
  });
  app.get('/openapi.json', { config: { access: 'open' }, schema: { hide: true } }, async () => app.swagger());
}

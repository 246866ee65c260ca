import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { describeAccess, scopeFor, type Access } from '../access-levels';
import { errorExampleOf, EXAMPLES } from '../openapi/openapi-examples';
import { linksOf } from '../openapi/openapi-links';
import {
  faults,
  forbiddenUnless,
  notFound,
  tooLarge,
  tooMany,
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

type Override = NonNullable<
  NonNullable<Parameters<typeof createJsonSchemaTransform>[0]['zodToJsonConfig']>['override']
>;

/** Leaves out what says nothing: the limits of JavaScript's integers, and that answers have no further fields (they may get some). */
const override: Override = ({ jsonSchema }) => {
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
  if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
};
const zodToJsonConfig = { override };
const transformAll = createJsonSchemaTransformObject({ zodToJsonConfig });

interface Content {
  content?: Record<string, { example?: unknown; examples?: object }>;
}
type Operation = {
  requestBody?: Content & { required?: boolean };
  responses?: Record<string, Content & { links?: object; headers?: object }>;
};

const RETRY_AFTER = {
  'Retry-After': {
    description: 'In how many seconds to try again',
    required: true,
    schema: { type: 'integer', minimum: 1 },
  },
};

function addExamplesAndLinks(paths: Record<string, Record<string, Operation>>): void {
  const show = (of: Content | undefined, shown: { example?: unknown; examples?: object }) => {
    if (shown.example !== undefined || shown.examples)
      for (const media of Object.values(of?.content ?? {})) Object.assign(media, shown);
  };
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, { requestBody, responses = {} }] of Object.entries(methods)) {
      const { request, answer } = EXAMPLES[`${method} ${path}`] ?? {};
      show(requestBody, { example: request });
      for (const [status, response] of Object.entries(responses)) {
        show(response, status < '300' ? { example: answer } : errorExampleOf(path, status));
        if (status === '429') response.headers = RETRY_AFTER;
      }
      const linked = linksOf(`${method} ${path}`);
      const response = linked && responses[linked.status];
      if (response) response.links = linked.links;
    }
  }
}

/** Where nothing may be sent: without a body a request's is null. */
const isOptional = (body: unknown) => (body as z.ZodType | undefined)?.safeParse(null).success === true;

/** Only answers have names; the forms of them as requests, which the library adds, are used by nobody. */
const finish =
  (optionalBodies: ReadonlySet<string>): typeof transformAll =>
  (input) => {
    const document = transformAll(input);
    const { schemas = {} } = (document as { components?: { schemas?: Record<string, unknown> } }).components ?? {};
    for (const name of Object.keys(schemas)) if (name.endsWith('Input')) delete schemas[name];
    const { paths = {} } = document as { paths?: Parameters<typeof addExamplesAndLinks>[0] };
    addExamplesAndLinks(paths);
    for (const [path, methods] of Object.entries(paths)) {
      for (const [method, { requestBody }] of Object.entries(methods))
        if (requestBody && optionalBodies.has(`${method} ${path}`)) requestBody.required = false;
    }
    return document;
  };

const API_KEY =
  'A key that POST /api/v1/auth/api-keys answered, without the word Bearer. The names are those of the scopes that will do.';
const SECURITY_SCHEMES = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description:
      'The access_token that POST /api/v1/auth/login answers, without the word Bearer. The names are those of the roles that will do.',
  },
  apiKey: { type: 'http', scheme: 'bearer', bearerFormat: 'tlk_…', description: API_KEY },
} as const;

/** What a guarded route asks for, and how it refuses those who have less. */
function guard(schema: FastifySchema, access: Exclude<Access, 'open'>, config: FastifyContextConfig): object {
  const needs = describeAccess(access, config);
  const scope = scopeFor(access, config.keyScope);
  schema.security = [
    { bearer: access === 'user' ? [] : [access] },
    ...(config.isSessionOnly ? [] : [{ apiKey: scope ? [scope] : [] }]),
  ];
  // A route's HEAD shares its schema.
  if (!schema.description?.endsWith(needs))
    schema.description = schema.description ? `${schema.description}\n\n${needs}` : needs;
  // The token's user may be gone (404), or not to be looked up (503); and wrong keys are counted (429).
  return { ...unauthorized, ...forbiddenUnless(needs), ...notFound, ...tooMany, ...unavailable };
}

/** Swagger UI styles elements from its scripts. Without upgrade-insecure-requests: over plain http a browser would ask for the page's scripts by https and show nothing. */
const PAGE_POLICY =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/** The library's own copy of the document; ours is at /openapi.json. */
const PAGE_STYLE = '.swagger-ui .info .title + .link, .swagger-ui .info .main > .link { display: none; }';

/** OpenAPI 3.1 from the routes' zod schemas, at /openapi.json, and a page to try it out at /docs. */
export async function installOpenapi(app: FastifyInstance, options: { version: string }): Promise<void> {
  const optionalBodies = new Set<string>();
  app.addHook('onRoute', (route) => {
    const { schema, config = {} } = route;
    const { access = 'admin' } = config;
    if (!schema || schema.hide) return;
    if (isOptional(schema.body))
      for (const method of [route.method].flat())
        optionalBodies.add(`${method.toLowerCase()} ${route.url.replace(/:(\w+)/g, '{$1}')}`);
    schema.response = {
      ...(access === 'open' ? {} : guard(schema, access, config)),
      // Also where nobody looks at it.
      ...([route.method].flat().some((method) => method !== 'GET' && method !== 'HEAD') ? tooLarge : {}),
      ...((schema.body ?? schema.params ?? schema.querystring ?? schema.headers) ? faults : {}),
      ...(schema.response as object),
    };
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
    transformObject: finish(optionalBodies),
    hideUntagged: true,
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    // Without the bar at the top, which has the library's logo and asks for other documents.
    uiConfig: { persistAuthorization: true, layout: 'BaseLayout' },
    theme: { title: 'Taskloom API', css: [{ filename: 'taskloom.css', content: PAGE_STYLE }] },
    staticCSP: PAGE_POLICY,
  });
  app.get('/openapi.json', { config: { access: 'open' }, schema: { hide: true } }, async () => app.swagger());
}

import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { ERROR_EXAMPLES, EXAMPLES } from '../openapi-examples';
import { faults, forbidden, notFound, tooLarge, unauthorized, unavailable } from '../schemas/common-schemas';
import type { FastifyInstance } from 'fastify';

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

type Override = NonNullable<NonNullable<Parameters<typeof createJsonSchemaTransform>[0]['zodToJsonConfig']>['override']>;

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
  content?: Record<string, { example?: unknown }>;
}
type Operation = { requestBody?: Content; responses?: Record<string, Content> };

function addExamples(paths: Record<string, Record<string, Operation>>): void {
  const show = (of: Content | undefined, example: unknown) => {
    if (example !== undefined) for (const media of Object.values(of?.content ?? {})) media.example = example;
  };
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, { requestBody, responses = {} }] of Object.entries(methods)) {
      const { request, answer } = EXAMPLES[`${method} ${path}`] ?? {};
      show(requestBody, request);
      for (const [status, response] of Object.entries(responses)) show(response, status < '300' ? answer : ERROR_EXAMPLES[status]);
    }
  }
}

/** Only answers have names; the forms of them as requests, which the library adds, are used by nobody. */
const transformObject: typeof transformAll = (input) => {
  const document = transformAll(input);
  const { schemas = {} } = (document as { components?: { schemas?: Record<string, unknown> } }).components ?? {};
  for (const name of Object.keys(schemas)) if (name.endsWith('Input')) delete schemas[name];
  addExamples((document as { paths?: Parameters<typeof addExamples>[0] }).paths ?? {});
  return document;
};

/** OpenAPI 3.1 from the routes' zod schemas, at /openapi.json, and a page to try it out at /docs. */
export async function installOpenapi(app: FastifyInstance, options: { version: string }): Promise<void> {
  app.addHook('onRoute', (route) => {
    const access = route.config?.access;
    const { schema } = route;
    if (!schema || access === undefined) return;
    const isGuarded = access !== 'open';
    if (isGuarded) schema.security = [{ bearer: [] }];
    schema.response = {
      // The token's user may be gone (404), or not to be looked up (503).
      ...(isGuarded ? { ...unauthorized, ...forbidden, ...notFound, ...unavailable } : {}),
      ...(schema.body ? tooLarge : {}),
      ...(schema.body ?? schema.params ?? schema.querystring ?? schema.headers ? faults : {}),
      ...(schema.response as object),
    };
  });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Taskloom', version: options.version, description: 'Named, parameterised jobs, run durably on Temporal' },
      tags: TAGS,
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'The access_token that POST /api/v1/auth/login answers, without the word Bearer' } } },
    },
    transform: createJsonSchemaTransform({ zodToJsonConfig }),
    transformObject,
    hideUntagged: true,
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    uiConfig: { persistAuthorization: true },
    // Without upgrade-insecure-requests: over plain http a browser would ask for the page's scripts by https and show nothing.
    staticCSP: true,
    transformStaticCSP: (header) => header.replace(/\s*upgrade-insecure-requests;?/, ''),
  });
  app.get('/openapi.json', { config: { access: 'open' }, schema: { hide: true } }, async () => app.swagger());
}

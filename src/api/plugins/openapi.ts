import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { forbidden, unauthorized } from '../schemas/common-schemas';
import type { FastifyInstance } from 'fastify';

const TAGS = [
  { name: 'auth', description: 'Sign in' },
  { name: 'configs', description: 'Stored, named uses of a task type' },
  { name: 'schedules', description: 'When configs run' },
  { name: 'executions', description: 'What ran, and what became of it' },
  { name: 'execute', description: 'Run now' },
  { name: 'system', description: 'State of the service' },
  { name: 'reddit', description: 'Scraped content' },
  { name: 'health', description: 'Probes for machines' },
];

/** OpenAPI 3.1 from the routes' zod schemas, at /openapi.json, and a page to try it out at /docs. */
export async function installOpenapi(app: FastifyInstance, options: { version: string }): Promise<void> {
  app.addHook('onRoute', (route) => {
    const access = route.config?.access;
    if (!route.schema || access === 'open' || access === undefined) return;
    route.schema.security = [{ bearer: [] }];
    route.schema.response = { ...(route.schema.response as object), ...unauthorized, ...forbidden };
  });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Taskloom', version: options.version, description: 'Named, parameterised jobs, run durably on Temporal' },
      tags: TAGS,
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'The access_token of POST /api/v1/auth/login' } } },
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
    hideUntagged: true,
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    // Without upgrade-insecure-requests: over plain http a browser would ask for the page's scripts by https and show nothing.
    staticCSP: true,
    transformStaticCSP: (header) => header.replace(/\s*upgrade-insecure-requests;?/, ''),
  });
  app.get('/openapi.json', { config: { access: 'open' }, schema: { hide: true } }, async () => app.swagger());
}

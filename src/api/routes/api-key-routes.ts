import { z } from 'zod';
import * as schemas from '../schemas/api-key-schemas';
import { conflict, unprocessable, notFound } from '../schemas/common-schemas';
import type { ApiKeyService } from '../services/accounts/api-key-service';
import type { ZodApp } from '../zod-app';

export function registerApiKeyRoutes(app: ZodApp, { apiKeys }: { apiKeys: ApiKeyService }): void {
  const config = { access: 'user' } as const;
  const tags = ['auth'];

  app.get(
    '/auth/api-keys',
    {
      config,
      schema: {
        tags,
        summary: 'My API keys, newest first',
        querystring: schemas.apiKeyOwnerQuery,
        response: { 200: schemas.apiKeyList, ...notFound, ...unprocessable },
      },
    },
    async (request) => apiKeys.list(request.user, request.query.user_id),
  );

  app.post(
    '/auth/api-keys',
    {
      config: {
        ...config,
        isSessionOnly: true,
        audit: { action: 'api_key.create', target: 'api_key', keep: ['name', 'scope', 'expires_at', 'prefix'] },
      },
      schema: {
        tags,
        summary: 'Make an API key; only this answer shows it',
        body: schemas.createApiKeyBody,
        response: { 201: schemas.newApiKey, ...notFound, ...conflict, ...unprocessable },
      },
    },
    async (request, reply) => reply.status(201).send(await apiKeys.create(request.user, request.body)),
  );

  app.delete(
    '/auth/api-keys/:id',
    {
      config: {
        ...config,
        isSessionOnly: true,
        audit: { action: 'api_key.delete', target: 'api_key', keep: ['user_id'] },
      },
      schema: {
        tags,
        summary: 'Revoke an API key; it is refused from then on',
        params: schemas.apiKeyParams,
        querystring: schemas.apiKeyOwnerQuery,
        response: { 204: z.null().describe('Done'), ...notFound, ...unprocessable },
      },
    },
    async (request, reply) => {
      await apiKeys.remove(request.user, request.params.id, request.query.user_id);
      return reply.status(204).send(null);
    },
  );
}

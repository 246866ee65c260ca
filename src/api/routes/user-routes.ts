import { badRequest, conflict, unprocessable, notFound } from '../schemas/common-schemas';
import * as schemas from '../schemas/user-schemas';
import type { AccountService } from '../services/accounts/account-service';
import type { ZodApp } from '../zod-app';

export function registerUserRoutes(app: ZodApp, { accounts }: { accounts: AccountService }): void {
  const config = { access: 'user' } as const;
  const tags = ['users'];

  app.post(
    '/users',
    {
      config: { access: 'admin', audit: { action: 'user.create', target: 'user', keep: ['username', 'role'] } },
      schema: {
        tags,
        summary: 'Create a user; with an API key, one without a role',
        body: schemas.createUserBody,
        response: { 201: schemas.userBody, ...badRequest, ...notFound, ...conflict, ...unprocessable },
      },
    },
    async (request, reply) =>
      reply.status(201).send(await accounts.create(request.body, { isByKey: request.apiKey !== null })),
  );

  app.get(
    '/users',
    {
      config,
      schema: {
        tags,
        summary: 'Users',
        querystring: schemas.listUsersQuery,
        response: { 200: schemas.userList, ...notFound, ...unprocessable },
      },
    },
    async (request) => accounts.list(request.user, request.query),
  );

  app.get(
    '/users/:user_id',
    {
      config,
      schema: {
        tags,
        summary: 'Myself; any user to admins',
        params: schemas.userParams,
        response: { 200: schemas.userBody, ...notFound, ...unprocessable },
      },
    },
    async (request) => accounts.get(request.user, request.params.user_id),
  );

  app.patch(
    '/users/:user_id',
    {
      config: {
        ...config,
        keyScope: 'admin',
        audit: { action: 'user.update', target: 'user', keep: ['role'] },
        findMoreValidationErrors: async ({ body }) => accounts.validateUpdate(body ?? {}),
      },
      schema: {
        tags,
        summary: 'Change some fields of myself; of any user to admins',
        description:
          'An API key of the scope admin changes full name and age alone: neither password, e-mail, user ' +
          'name and role, nor whether somebody is active, be it its owner or somebody else.',
        params: schemas.userParams,
        body: schemas.updateUserBody,
        response: { 200: schemas.userBody, ...notFound, ...conflict, ...unprocessable },
      },
    },
    async (request) =>
      accounts.update(request.user, request.params.user_id, request.body, { isByKey: request.apiKey !== null }),
  );

  app.delete(
    '/users/:user_id',
    {
      config: { access: 'admin', isSessionOnly: true, audit: { action: 'user.delete', target: 'user' } },
      schema: {
        tags,
        summary: 'Delete a user, and end their sessions',
        params: schemas.userParams,
        response: { 200: schemas.userBody, ...badRequest, ...notFound, ...conflict, ...unprocessable },
      },
    },
    async (request) => accounts.remove(request.user, request.params.user_id),
  );
}

import { z } from 'zod';
import * as schemas from '../schemas/auth-schemas';
import {
  badRequest,
  conflict,
  unprocessable,
  forbidden,
  notFound,
  tooManyRequests,
  unauthorized,
  unavailable,
} from '../schemas/common-schemas';
import { registerBody, userBody } from '../schemas/user-schemas';
import { presentUser } from '../services/accounts/user-presenter';
import type { AccountService } from '../services/accounts/account-service';
import type { AuthService } from '../services/accounts/auth-service';
import type { ClientInfo } from '../services/accounts/session-service';
import type { FastifyRequest } from 'fastify';
import type { ZodApp } from '../zod-app';

const clientOf = (request: FastifyRequest): ClientInfo => ({
  address: request.address,
  userAgent: request.headers['user-agent'],
});
const nothing = { 204: z.null().describe('Done') };

export function registerAuthRoutes(
  app: ZodApp,
  { auth, accounts }: { auth: AuthService; accounts: AccountService },
): void {
  const open = { access: 'open' } as const;
  const config = { access: 'user' } as const;
  const session = { ...config, isSessionOnly: true } as const;
  const tags = ['auth'];

  app.post(
    '/auth/login',
    {
      config: { ...open, audit: { action: 'auth.login', target: 'user', keep: ['username'] } },
      schema: {
        tags,
        summary: 'Sign in with user name or e-mail',
        body: schemas.loginBody,
        response: {
          200: schemas.tokenPair,
          ...unauthorized,
          ...forbidden,
          ...unprocessable,
          ...tooManyRequests,
          ...unavailable,
        },
      },
    },
    async (request) => auth.login(request.body, clientOf(request), app.tokens),
  );

  app.post(
    '/auth/register',
    {
      config: { ...open, audit: { action: 'auth.register', target: 'user', keep: ['username'] } },
      schema: {
        tags,
        summary: 'Become a user',
        body: registerBody,
        response: { 201: userBody, ...badRequest, ...conflict, ...unprocessable, ...tooManyRequests, ...unavailable },
      },
    },
    async (request, reply) => reply.status(201).send(await accounts.register(request.body, request.address)),
  );

  app.post(
    '/auth/refresh',
    {
      config: { ...open, audit: { action: 'auth.refresh', target: 'user' } },
      schema: {
        tags,
        summary: 'Exchange a refresh token for a new pair; using it a second time ends the session',
        body: schemas.refreshBody,
        response: { 200: schemas.tokenPair, ...unauthorized, ...unprocessable, ...tooManyRequests, ...unavailable },
      },
    },
    async (request) =>
      auth.refresh(
        { token: request.body.refresh_token, arrivedAtMs: request.arrivedAtMs },
        clientOf(request),
        app.tokens,
        ({ userId, isReplayed }) => {
          request.auditContext = {
            actorId: userId,
            targetId: String(userId),
            details: isReplayed ? { is_replayed: true } : {},
          };
        },
      ),
  );

  app.post(
    '/auth/revoke',
    {
      config: { ...session, audit: { action: 'auth.revoke', target: 'user' } },
      schema: {
        tags,
        summary: 'End the session of a refresh token of mine',
        body: schemas.revokeBody,
        response: { ...nothing, ...notFound, ...unprocessable },
      },
    },
    async (request, reply) => {
      if (request.body.token_type === 'refresh_token') await auth.revoke(request.user, request.body.token, app.tokens);
      return reply.status(204).send(null);
    },
  );

  app.post(
    '/auth/logout',
    {
      config: { ...session, audit: { action: 'auth.logout', target: 'user' } },
      schema: { tags, summary: 'End all my sessions', response: { ...nothing, ...notFound } },
    },
    async (request, reply) => {
      await auth.logout(request.user);
      return reply.status(204).send(null);
    },
  );

  app.get(
    '/auth/me',
    {
      config,
      schema: {
        tags,
        summary: 'The signed-in user; for an API key, with the role that the key leaves them',
        response: { 200: userBody, ...notFound },
      },
    },
    async (request) => presentUser(request.user),
  );

  app.get(
    '/auth/sessions',
    {
      config: session,
      schema: { tags, summary: 'My sessions, newest first', response: { 200: schemas.sessionList, ...notFound } },
    },
    async (request) => auth.listSessions(request.user, request.sessionId),
  );

  app.delete(
    '/auth/sessions/:id',
    {
      config: { ...session, audit: { action: 'session.revoke', target: 'session' } },
      schema: {
        tags,
        summary: 'End one of my sessions',
        params: schemas.sessionParams,
        response: { ...nothing, ...notFound, ...unprocessable },
      },
    },
    async (request, reply) => {
      await auth.endSession(request.user, request.params.id);
      return reply.status(204).send(null);
    },
  );
}

import { loginBody, tokenPair, userBody } from '../schemas/auth-schemas';
import { faults, forbidden, notFound, unauthorized, unavailable } from '../schemas/common-schemas';
import { presentUser, type AuthService } from '../services/auth-service';
import type { ZodApp } from '../app';

export function registerAuthRoutes(app: ZodApp, { auth }: { auth: AuthService }): void {
  app.post(
    '/auth/login',
    {
      config: { access: 'open' },
      schema: {
        tags: ['auth'],
        summary: 'Sign in with user name or e-mail',
        body: loginBody,
        response: { 200: tokenPair, ...unauthorized, ...forbidden, ...faults, ...unavailable },
      },
    },
    async (request) => auth.login(request.body, app.tokens),
  );

  app.get('/auth/me', { config: { access: 'user' }, schema: { tags: ['auth'], summary: 'The signed-in user', response: { 200: userBody, ...notFound } } }, async (request) => presentUser(request.user));
}

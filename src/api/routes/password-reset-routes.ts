import { RequestValidationError } from '../errors';
import { badRequest, unprocessable, messageBody, tooManyRequests, unavailable } from '../schemas/common-schemas';
import * as schemas from '../schemas/password-reset-schemas';
import type { PasswordResetService } from '../services/accounts/password-reset-service';
import type { ZodApp } from '../zod-app';

export function registerPasswordResetRoutes(app: ZodApp, { resets }: { resets: PasswordResetService }): void {
  const config = { access: 'open' } as const;
  const tags = ['auth'];

  app.post(
    '/auth/forgot-password',
    {
      config: { ...config, audit: { action: 'auth.forgot_password', target: 'user' } },
      schema: {
        tags,
        summary: 'Have a link mailed that lets me set a new password',
        description: 'The answer is the same whether or not the address is known.',
        body: schemas.forgotBody,
        response: { 200: messageBody, ...unprocessable, ...tooManyRequests, ...unavailable },
      },
    },
    async (request) => {
      await resets.request(request.body.email, request.address);
      return { message: 'If the address is known, a mail with a link is on its way to it', success: true };
    },
  );

  app.post(
    '/auth/verify-reset-token',
    {
      config: { ...config, audit: false },
      schema: {
        tags,
        summary: 'Whether the token of such a link can be used',
        querystring: schemas.verifyQuery,
        body: schemas.verifyBody,
        response: { 200: messageBody, ...unprocessable, ...tooManyRequests, ...unavailable },
      },
    },
    async (request) => {
      const token = request.query.token ?? request.body?.token;
      if (token === undefined)
        throw new RequestValidationError([
          { type: 'missing', loc: ['query', 'token'], msg: 'Field required', input: null },
        ]);
      const success = await resets.isUsable(token, request.address);
      return { message: success ? 'The token can be used' : 'The token is unknown, used or expired', success };
    },
  );

  app.post(
    '/auth/reset-password',
    {
      config: { ...config, audit: { action: 'auth.reset_password', target: 'user' } },
      schema: {
        tags,
        summary: 'Set a new password; ends all sessions of the user',
        body: schemas.resetBody,
        response: { 200: messageBody, ...badRequest, ...unprocessable, ...tooManyRequests, ...unavailable },
      },
    },
    async (request) => {
      await resets.reset(request.body.token, request.body.new_password, request.address);
      return { message: 'The password is changed', success: true };
    },
  );
}

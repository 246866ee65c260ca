import { taskTypes } from '../../tasks/registry';
import { badRequest, conflict, unprocessable, notFound, unavailable } from '../schemas/common-schemas';
import { batchBody, batchSubmitted, byTypeBody, startHeaders, submitted, typeParams } from '../schemas/execute-schemas';
import { idOrTaskIdParams, idParams } from '../schemas/request-values';
import type { StartRunService } from '../services/executions/start-run-service';
import type { StartContext } from '../services/executions/run-ids';
import type { ZodApp } from '../zod-app';
import type { FastifyRequest } from 'fastify';

const contextOf = (
  request: Pick<FastifyRequest, 'user'> & { headers: { 'idempotency-key'?: string } },
): StartContext => ({ userId: request.user.id, idempotencyKey: request.headers['idempotency-key'] });

const adminTypes = taskTypes.filter(({ adHocAccess }) => adHocAccess === 'admin').map(({ name }) => name);
/** The OpenAPI description. */
const AD_HOC =
  `Needs the role admin, or an API key with the scope admin, for ${adminTypes.join(', ')}: these delete, ` +
  'fill the disk or write to people, so that others who run them with parameters of their own are refused with 403. ' +
  'Operators may run configs of these types, which an admin has stored.';

export function registerExecuteRoutes(app: ZodApp, { startRun }: { startRun: StartRunService }): void {
  const config = { access: 'operator' } as const;
  const tags = ['execute'];
  const headers = startHeaders;

  app.post(
    '/tasks/execute/batch',
    {
      config: {
        ...config,
        audit: {
          action: 'execute.batch',
          target: 'task_config',
          keep: ['config_ids', 'total_submitted', 'total_failed'],
        },
      },
      schema: {
        tags,
        summary: 'Run many configs, in one durable workflow',
        headers,
        body: batchBody,
        response: { 200: batchSubmitted, ...conflict, ...unprocessable, ...unavailable },
      },
    },
    async (request) => startRun.executeBatch(request.body.config_ids, contextOf(request)),
  );

  app.post(
    '/tasks/execute/by-type/:type',
    {
      config: {
        ...config,
        audit: { action: 'execute.type', target: 'task_type', keep: ['task_id'] },
        findMoreValidationErrors: async ({ params, body }) =>
          startRun.validateTaskParameters(
            (params as { type?: string } | undefined)?.type ?? '',
            (body as { task_params?: unknown } | null | undefined)?.task_params,
          ),
      },
      // Authorization comes before validation of the body, as on every other route.
      onRequest: async ({ params, user }) => startRun.requireAdHocAccess(params.type, user.role),
      schema: {
        tags,
        summary: 'Run a task type without a config',
        description: AD_HOC,
        headers,
        params: typeParams,
        body: byTypeBody,
        response: { 200: submitted, ...badRequest, ...conflict, ...unprocessable, ...unavailable },
      },
    },
    async (request) =>
      startRun.executeType(
        request.params.type,
        request.body?.task_params ?? {},
        request.body?.options ?? {},
        contextOf(request),
      ),
  );

  app.post(
    '/tasks/execute/:id',
    {
      config: { ...config, audit: { action: 'execute.config', target: 'task_config', keep: ['task_id'] } },
      schema: {
        tags,
        summary: 'Run a config',
        headers,
        params: idParams,
        response: { 200: submitted, ...badRequest, ...notFound, ...unprocessable, ...unavailable },
      },
    },
    async (request) => startRun.executeConfig(request.params.id, contextOf(request)),
  );

  app.post(
    '/tasks/executions/:id/retry',
    {
      config: { ...config, audit: { action: 'execution.retry', target: 'execution', keep: ['task_id'] } },
      schema: {
        tags,
        summary: 'Run a finished execution again, with the same parameters',
        headers,
        params: idOrTaskIdParams,
        response: { 200: submitted, ...badRequest, ...notFound, ...conflict, ...unprocessable, ...unavailable },
      },
    },
    async (request) => startRun.retry(request.params.id, contextOf(request)),
  );
}

import { unprocessable, notFound } from '../schemas/common-schemas';
import * as schemas from '../schemas/execution-schemas';
import { progress as progressBody } from '../schemas/progress-schemas';
import { idOrTaskIdParams, idParams } from '../schemas/request-values';
import { linkNextPage } from './next-page-link';
import type { ExecutionService } from '../services/executions/execution-service';
import type { ProgressService } from '../services/executions/progress-service';
import type { ZodApp } from '../zod-app';

export function registerExecutionRoutes(
  app: ZodApp,
  { executions, progress }: { executions: ExecutionService; progress: ProgressService },
): void {
  const config = { access: 'viewer' } as const;
  const coalesced = { ...config, isCoalesced: true } as const;
  const tags = ['executions'];

  for (const path of ['/tasks/executions/by-config/:id', '/tasks/executions/configs/:id']) {
    app.get(
      path,
      {
        config: coalesced,
        schema: {
          tags,
          summary: 'The runs of a config',
          params: idParams,
          querystring: schemas.byConfigQuery,
          response: { 200: schemas.configExecutions, ...unprocessable },
        },
      },
      async (request, reply) => {
        const { items, nextCursor } = await executions.listByConfig(request.params.id, request.query, request.user);
        linkNextPage(request, reply, nextCursor);
        return { config_id: request.params.id, executions: items, count: items.length };
      },
    );
  }

  app.get(
    '/tasks/executions/recent',
    {
      config: coalesced,
      schema: {
        tags,
        summary: 'The runs of the last hours',
        querystring: schemas.recentQuery,
        response: { 200: schemas.recentExecutions, ...unprocessable },
      },
    },
    async (request, reply) => {
      const { items, nextCursor } = await executions.listRecent(request.query, request.user);
      linkNextPage(request, reply, nextCursor);
      return { hours: request.query.hours, executions: items, count: items.length };
    },
  );

  app.get(
    '/tasks/executions/failed',
    {
      config: coalesced,
      schema: {
        tags,
        summary: 'The unsuccessful runs of the last days',
        querystring: schemas.failedQuery,
        response: { 200: schemas.failedExecutions, ...unprocessable },
      },
    },
    async (request, reply) => {
      const { items, nextCursor } = await executions.listFailed(request.query, request.user);
      linkNextPage(request, reply, nextCursor);
      return { days: request.query.days, failed_executions: items, count: items.length };
    },
  );

  app.get(
    '/tasks/executions/stats',
    {
      config: coalesced,
      schema: {
        tags,
        summary: 'Counts and rates of finished runs',
        querystring: schemas.statsQuery,
        response: { 200: schemas.stats, ...unprocessable },
      },
    },
    async (request) => executions.stats(request.query.days, request.query.config_id || undefined),
  );

  app.get(
    '/tasks/executions/:id/stats',
    {
      config: coalesced,
      schema: {
        tags,
        summary: "Counts and rates of a config's finished runs; the id is the config's",
        params: idParams,
        querystring: schemas.configStatsQuery,
        response: { 200: schemas.stats, ...unprocessable },
      },
    },
    async (request) => executions.stats(request.query.days, request.params.id),
  );

  app.get(
    '/tasks/executions/:id',
    {
      config,
      schema: {
        tags,
        summary: 'One run, with its attempts and, while it runs, what Temporal says of it',
        params: idOrTaskIdParams,
        response: { 200: schemas.executionDetail, ...notFound, ...unprocessable },
      },
    },
    async (request) => executions.get(request.params.id, request.user),
  );

  app.get(
    '/tasks/executions/:id/progress',
    {
      config,
      schema: {
        tags,
        summary: 'How far a run is: live while it runs, from its result afterwards',
        params: idOrTaskIdParams,
        response: { 200: progressBody, ...notFound, ...unprocessable },
      },
    },
    async (request) => progress.get(request.params.id, request.user),
  );

  app.delete(
    '/tasks/executions/cleanup',
    {
      config: {
        access: 'admin',
        audit: { action: 'execution.cleanup', target: 'execution', keep: ['days_to_keep', 'deleted_count'] },
      },
      schema: {
        tags,
        summary: 'Delete old runs',
        querystring: schemas.cleanupQuery,
        response: { 200: schemas.cleanupResult, ...unprocessable },
      },
    },
    async (request) => {
      const deleted = await executions.cleanUp(request.query.days_to_keep);
      return {
        success: true as const,
        deleted_count: deleted,
        message: `Deleted ${deleted} executions older than ${request.query.days_to_keep} days`,
      };
    },
  );
}

import { unprocessable, notFound, preconditionFailed } from '../schemas/common-schemas';
import * as schemas from '../schemas/config-schemas';
import { estimate, estimateBody } from '../schemas/estimate-schemas';
import { idParams } from '../schemas/request-values';
import type { FastifyReply } from 'fastify';
import type { ConfigService } from '../services/configs/config-service';
import type { EstimateService } from '../services/configs/estimate-service';
import type { PreviewService } from '../services/configs/preview-service';
import type { ZodApp } from '../zod-app';

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** A header of the answer as well, where it is about one config. */
function withTag<Body extends { etag: string }>(reply: Pick<FastifyReply, 'header'>, body: Body): Body {
  reply.header('ETag', body.etag);
  return body;
}

export function registerConfigRoutes(
  app: ZodApp,
  { configs, estimates, previews }: { configs: ConfigService; estimates: EstimateService; previews: PreviewService },
): void {
  const config = { access: 'viewer' } as const;
  const coalesced = { ...config, isCoalesced: true } as const;
  const admin = { access: 'admin' } as const;
  const tags = ['configs'];

  app.get(
    '/tasks/configs',
    {
      config: coalesced,
      schema: {
        tags,
        summary: 'A page of task configs',
        querystring: schemas.listQuery,
        response: { 200: schemas.configPage, ...unprocessable },
      },
    },
    async (request) => configs.list(request.query, request.user),
  );

  app.post(
    '/tasks/configs',
    {
      config: {
        ...admin,
        audit: { action: 'config.create', target: 'task_config', keep: ['name', 'task_type', 'scheduler_type'] },
      },
      schema: {
        tags,
        summary: 'Create a task config',
        querystring: schemas.createQuery,
        body: schemas.createBody,
        response: { 201: schemas.config, ...unprocessable },
      },
    },
    async (request, reply) => {
      const isStarted = request.query.auto_schedule || request.query.auto_start;
      const created = await configs.create(request.body, { isStarted }, request.user);
      return withTag(reply.status(201), created);
    },
  );

  app.post(
    '/tasks/configs/preview-schedule',
    {
      config: { ...config, audit: false },
      schema: {
        tags,
        summary: 'The next fire times of a schedule that is not stored',
        body: schemas.previewBody,
        response: { 200: schemas.preview, ...unprocessable },
      },
    },
    async (request) => previews.preview(request.body.scheduler_type, request.body.schedule_config, request.body.count),
  );

  app.post(
    '/tasks/configs/estimate',
    {
      config: { ...config, audit: false },
      schema: {
        tags,
        summary: 'What a config that is not stored would cost',
        body: estimateBody,
        response: { 200: estimate, ...unprocessable },
      },
    },
    async (request) => estimates.estimate(request.body),
  );

  app.get(
    '/tasks/configs/:id/next-runs',
    {
      config,
      schema: {
        tags,
        summary: "The next fire times of a config's schedule, were it active",
        params: idParams,
        querystring: schemas.nextRunsQuery,
        response: { 200: schemas.preview, ...notFound, ...unprocessable },
      },
    },
    async (request) => previews.nextRuns(request.params.id, request.query.count),
  );

  app.get(
    '/tasks/configs/:id',
    {
      config: coalesced,
      schema: {
        tags,
        summary: 'A task config, with the newest events of its schedule',
        params: idParams,
        querystring: schemas.detailQuery,
        response: { 200: schemas.configDetail, ...notFound, ...unprocessable },
      },
    },
    async (request, reply) =>
      withTag(reply, await configs.get(request.params.id, request.query.include_stats, request.user)),
  );

  app.route({
    method: ['PUT', 'PATCH'],
    url: '/tasks/configs/:id',
    config: {
      ...admin,
      audit: { action: 'config.update', target: 'task_config' },
      findMoreValidationErrors: async ({ params, body }) =>
        isObject(params) && isObject(body) ? configs.validateUpdate(params.id as number, body) : [],
    },
    schema: {
      tags,
      summary: 'Change some fields; an armed schedule follows at once',
      params: idParams,
      headers: schemas.editHeaders,
      body: schemas.updateBody,
      response: { 200: schemas.config, ...notFound, ...preconditionFailed, ...unprocessable },
    },
    handler: async (request, reply) =>
      withTag(reply, await configs.update(request.params.id, request.body, request.user, request.headers['if-match'])),
  });

  app.delete(
    '/tasks/configs/:id',
    {
      config: { ...admin, audit: { action: 'config.delete', target: 'task_config' } },
      schema: {
        tags,
        summary: 'Stop the schedule and delete the config; its executions stay',
        params: idParams,
        headers: schemas.editHeaders,
        response: { 200: schemas.deleted, ...notFound, ...preconditionFailed, ...unprocessable },
      },
    },
    async (request) => ({
      success: true as const,
      message: await configs.remove(request.params.id, request.headers['if-match']),
    }),
  );
}

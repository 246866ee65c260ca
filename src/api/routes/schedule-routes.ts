import { notFound, preconditionFailed, unavailable, unprocessable } from '../schemas/common-schemas';
import { editHeaders } from '../schemas/config-schemas';
import { idParams } from '../schemas/request-values';
import * as schemas from '../schemas/schedule-schemas';
import { summary } from '../schemas/system-schemas';
import { sendSharedResponse } from '../plugins/response-serializer';
import type { ScheduleService } from '../services/configs/schedule-service';
import type { SystemService } from '../services/system/system-service';
import type { ZodApp } from '../zod-app';

export function registerScheduleRoutes(
  app: ZodApp,
  { schedules, system }: { schedules: ScheduleService; system: SystemService },
): void {
  const config = { access: 'viewer' } as const;
  const operator = { access: 'operator' } as const;
  const tags = ['schedules'];

  app.get(
    '/tasks/schedules',
    {
      config,
      schema: {
        tags,
        summary: 'The schedules that are active in Temporal',
        response: { 200: schemas.jobs, ...unavailable },
      },
    },
    async (_request, reply) => sendSharedResponse(reply, await schedules.listJobs()),
  );

  app.get(
    '/tasks/schedules/summary',
    { config, schema: { tags, summary: 'How many configs are in which state', response: { 200: summary } } },
    async () => system.summary(),
  );

  app.post(
    '/tasks/schedules/batch/:action',
    {
      config: {
        ...operator,
        audit: {
          action: 'schedule.{action}',
          target: 'schedule',
          keep: ['config_ids', 'success_count', 'failed_count'],
        },
      },
      schema: {
        tags,
        summary: 'Act on many schedules',
        params: schemas.batchParams,
        body: schemas.batchBody,
        response: { 200: schemas.batchResult, ...unprocessable },
      },
    },
    async (request) => schedules.actOnMany(request.body.config_ids, request.params.action),
  );

  app.get(
    '/tasks/schedules/:id',
    {
      config,
      schema: {
        tags,
        summary: 'The stored and the actual state of a schedule',
        params: idParams,
        response: { 200: schemas.scheduleInfo, ...notFound, ...unprocessable },
      },
    },
    async (request) => schedules.get(request.params.id),
  );

  app.get(
    '/tasks/schedules/:id/history',
    {
      config,
      schema: {
        tags,
        summary: 'What happened to a schedule, newest first',
        params: idParams,
        querystring: schemas.historyQuery,
        response: { 200: schemas.history, ...unprocessable },
      },
    },
    async (request) => {
      const events = await schedules.history(request.params.id, request.query.limit);
      return { config_id: request.params.id, history: events, count: events.length };
    },
  );

  app.post(
    '/tasks/schedules/:id/:action',
    {
      config: { ...operator, audit: { action: 'schedule.{action}', target: 'schedule' } },
      schema: {
        tags,
        summary: 'start, stop, pause, resume or reload; a refusal is a 200 that says why',
        params: schemas.actionParams,
        headers: editHeaders,
        response: { 200: schemas.actionResult, ...notFound, ...preconditionFailed, ...unprocessable },
      },
    },
    async (request) => schedules.act(request.params.id, request.params.action, request.headers['if-match']),
  );

  app.delete(
    '/tasks/schedules/:id',
    {
      config: { ...operator, audit: { action: 'schedule.delete', target: 'schedule' } },
      schema: {
        tags,
        summary: 'Stop and remove a schedule; its config stays',
        params: idParams,
        headers: editHeaders,
        response: { 200: schemas.actionResult, ...notFound, ...preconditionFailed, ...unprocessable },
      },
    },
    async (request) => schedules.act(request.params.id, 'remove', request.headers['if-match']),
  );
}

import { conflict, unprocessable, notFound, unavailable } from '../schemas/common-schemas';
import { controlResult, idOrTaskIdParams } from '../schemas/execution-schemas';
import type { RunControlService } from '../services/executions/run-control-service';
import type { ZodApp } from '../zod-app';

export function registerRunControlRoutes(app: ZodApp, { runControl }: { runControl: RunControlService }): void {
  const config = { access: 'operator' } as const;
  const answers = { 200: controlResult, ...notFound, ...conflict, ...unprocessable, ...unavailable };

  app.post(
    '/tasks/executions/:id/cancel',
    {
      config: { ...config, audit: { action: 'execution.cancel', target: 'execution' } },
      schema: {
        tags: ['executions'],
        summary: 'Stop a run; it ends within seconds, recorded as cancelled',
        params: idOrTaskIdParams,
        response: answers,
      },
    },
    async (request) => runControl.cancel(request.params.id),
  );

  app.post(
    '/tasks/executions/:id/terminate',
    {
      config: { ...config, audit: { action: 'execution.terminate', target: 'execution' } },
      schema: {
        tags: ['executions'],
        summary: 'End a run at once, without letting it clean up',
        params: idOrTaskIdParams,
        response: answers,
      },
    },
    async (request) => runControl.terminate(request.params.id, request.user.username),
  );
}

import { schedulerTypes } from '../../scheduling/scheduler-types/registry';
import { taskTypes } from '../../tasks/registry';
import { SCHEDULE_COMMANDS, SCHEDULE_STATUSES } from '../schemas/config-schemas';
import { unavailable } from '../schemas/common-schemas';
import { dashboard, enums, systemHealth, systemStatus, taskTypeList } from '../schemas/system-schemas';
import { describeTaskTypes } from '../services/configs/task-type-catalogue';
import type { SystemService } from '../services/system/system-service';
import type { ZodApp } from '../zod-app';

export function registerSystemRoutes(app: ZodApp, { system }: { system: SystemService }): void {
  const taskTypeCatalogue = describeTaskTypes();
  const config = { access: 'viewer' } as const;
  const tags = ['system'];

  app.get(
    '/tasks/system/status',
    {
      config: { ...config, isCoalesced: true },
      schema: { tags, summary: 'State of the servers, and counts', response: { 200: systemStatus, ...unavailable } },
    },
    async () => system.status(),
  );

  app.get(
    '/tasks/system/health',
    { config, schema: { tags, summary: 'Each component, really asked; always 200', response: { 200: systemHealth } } },
    async () => system.health(),
  );

  app.get(
    '/tasks/system/enums',
    { config, schema: { tags, summary: 'The values that configs may have', response: { 200: enums } } },
    async () => ({
      scheduler_types: schedulerTypes.map(({ name }) => name),
      schedule_actions: [...SCHEDULE_COMMANDS],
      task_types: taskTypes.map((taskType) => taskType.name),
      schedule_statuses: [...SCHEDULE_STATUSES],
    }),
  );

  app.get(
    '/tasks/types',
    {
      config,
      schema: {
        tags,
        summary: 'What a config may run, with the parameters of each: enough to draw a form',
        response: { 200: taskTypeList },
      },
    },
    async () => taskTypeCatalogue,
  );

  app.get(
    '/tasks/system/dashboard',
    {
      config: { ...config, isCoalesced: true },
      schema: { tags, summary: 'Counts for a dashboard', response: { 200: dashboard, ...unavailable } },
    },
    async () => system.dashboard(),
  );
}

import { cleanupParameters, daysOld, dryRun, removeOutdated } from './cleanup/outdated-removal';
import { defineTaskType } from './task-type';

/** The bounds are those of `DELETE /tasks/executions/cleanup`. */
export const cleanupExecutions = defineTaskType({
  name: 'CLEANUP_EXECUTIONS',
  summary: 'Deletes the records of old runs that have ended',
  adHocAccess: 'admin',
  parameters: cleanupParameters({
    days_old: daysOld(90, 'the run was recorded, which is when it began (created_at); only ended ones go', {
      min: 30,
      max: 365,
    }),
    dry_run: dryRun,
  }),
  examples: {
    accepted: [{ days_old: 90, dry_run: true }, {}, { days_old: 30 }, { days_old: 365 }],
    refused: [
      { parameters: { days_old: 29 }, at: 'days_old' },
      { parameters: { days_old: 366 }, at: 'days_old' },
      { parameters: { Dry_run: true }, at: 'Dry_run' },
    ],
  },
  async run(context, parameters) {
    const { executions } = await removeOutdated(context, ['executions'], {
      daysOld: parameters.days_old,
      dryRun: parameters.dry_run,
    });
    return {
      config_id: context.configId,
      deleted_executions: executions,
      days_old: parameters.days_old,
      dry_run: parameters.dry_run,
    };
  },
});

import { cleanupParameters, daysOld, dryRun, removeOutdated } from './cleanup/outdated-removal';
import { defineTaskType } from './task-type';

export const cleanupTokens = defineTaskType({
  name: 'CLEANUP_TOKENS',
  summary: 'Deletes old password reset tokens that are used or expired',
  adHocAccess: 'admin',
  parameters: cleanupParameters({
    days_old: daysOld(7, 'the reset was asked for (created_at); only used or expired ones go'),
    dry_run: dryRun,
  }),
  async run(context, parameters) {
    const { reset_tokens } = await removeOutdated(context, ['reset_tokens'], {
      daysOld: parameters.days_old,
      dryRun: parameters.dry_run,
    });
    return {
      config_id: context.configId,
      expired_reset_tokens: reset_tokens,
      days_old: parameters.days_old,
      dry_run: parameters.dry_run,
    };
  },
});

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
  examples: {
    accepted: [{ days_old: 7, dry_run: true }, {}, { days_old: 1, dry_run: true }],
    refused: [
      { parameters: { whatever: 1 }, at: 'whatever' },
      { parameters: { days_old: 0 }, at: 'days_old' },
      { parameters: { days_old: '7' }, at: 'days_old' },
      { parameters: { days_old: null }, at: 'days_old' },
      { parameters: { dryRun: true }, at: 'dryRun' },
      { parameters: { 'DAYS-OLD': 3 }, at: 'DAYS-OLD' },
    ],
  },
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

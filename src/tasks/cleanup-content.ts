import { cleanupParameters, daysOld, dryRun, removeOutdated } from './cleanup/outdated-removal';
import { defineTaskType } from './task-type';

/** The comments of a post that goes go with it, however young; the contract's totals leave those out. */
export const cleanupContent = defineTaskType({
  name: 'CLEANUP_CONTENT',
  summary: 'Deletes Reddit posts and comments that have not changed for long',
  adHocAccess: 'admin',
  parameters: cleanupParameters({
    days_old: daysOld(90, 'it was last scraped with a change (scraped_at)'),
    dry_run: dryRun,
  }),
  examples: {
    accepted: [{ days_old: 90, dry_run: true }, {}, { days_old: 36_500 }],
    refused: [
      { parameters: { days: 3 }, at: 'days' },
      { parameters: { days_old: 36_501 }, at: 'days_old' },
      { parameters: { days_old: 1.5 }, at: 'days_old' },
      { parameters: { daysold: 3 }, at: 'daysold' },
      { parameters: { dry__run: true }, at: 'dry__run' },
    ],
  },
  async run(context, parameters) {
    const counts = await removeOutdated(context, ['comments', 'comments_of_posts', 'posts'], {
      daysOld: parameters.days_old,
      dryRun: parameters.dry_run,
    });
    return {
      config_id: context.configId,
      deleted_posts: counts.posts,
      deleted_comments: counts.comments,
      total_deleted: counts.posts + counts.comments,
      cascaded_comments: counts.comments_of_posts,
      days_old: parameters.days_old,
      dry_run: parameters.dry_run,
    };
  },
});

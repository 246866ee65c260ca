import { z } from 'zod';
import { DAY_MS } from '../../shared/durations';
import type { TaskContext } from '../task-type';
import type { OutdatedKind } from '../ports/retention-store';

export const dryRun = z.boolean().default(false).describe('Only count what would be deleted');
export const daysOld = (
  defaultValue: number,
  countsFrom: string,
  bounds: { min: number; max: number } = { min: 1, max: 36_500 },
) =>
  z
    .int()
    .min(bounds.min)
    .max(bounds.max)
    .default(defaultValue)
    .describe(`Deletes what is older than this many days. The age counts from when ${countsFrom}`);

const squashed = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/**
 * Parameters of a task type that deletes. Unknown names in stored configs are ignored, as the predecessor did. Other
 * spellings of known names are refused there too: `dryRun` instead of `dry_run` must not delete.
 */
export const cleanupParameters = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.looseObject(shape).superRefine((given, context) => {
    for (const name of Object.keys(given)) {
      const meant = Object.keys(shape).find((known) => known !== name && squashed(known) === squashed(name));
      if (meant)
        context.addIssue({ code: 'custom', path: [name], message: `is not known; ${meant} is`, input: given[name] });
    }
  });

type Counts = Record<string, number>;

/**
 * Deletes rows that are older than `daysOld` days, kind after kind; with `dryRun` it only counts them. A later attempt
 * continues with the counts of the earlier one. The age is measured from the start of the run, so that every attempt
 * selects the same rows.
 */
export async function removeOutdated<Kind extends OutdatedKind>(
  context: TaskContext,
  kinds: readonly Kind[],
  options: { daysOld: number; dryRun: boolean },
): Promise<Record<Kind, number>> {
  const { retention } = context.services;
  const before = new Date(context.startedAt.getTime() - options.daysOld * DAY_MS);
  const counts = Object.fromEntries(
    kinds.map((kind) => [kind, (context.cursor as Counts | undefined)?.[kind] ?? 0]),
  ) as Record<Kind, number>;
  for (const kind of kinds) {
    if (options.dryRun) {
      counts[kind] = await retention.count(kind, before);
      continue;
    }
    for (;;) {
      context.signal.throwIfAborted();
      const removed = await retention.removeBatch(kind, before);
      if (removed === 0) break;
      counts[kind] += removed;
      context.saveCursor({ ...counts });
    }
  }
  return counts;
}

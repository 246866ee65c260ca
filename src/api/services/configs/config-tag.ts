import { PreconditionFailedError } from '../../errors';
import type { TaskConfig } from '../../../storage/configs/task-config';

type Edited = Pick<TaskConfig, 'createdAt' | 'updatedAt'>;

/** The time of the last edit, or of the creation. */
export const editedAt = ({ createdAt, updatedAt }: Edited): Date => updatedAt ?? createdAt;

/** The entity tag of a config. It changes with every edit, and with nothing that the system writes by itself. */
export const tagOf = (config: Edited): string => `"${editedAt(config).getTime().toString(36)}"`;

/**
 * Throws unless `If-Match` names the config's tag; `*` names every one. A weak tag never matches (RFC 9110). Without
 * the header there is nothing to compare.
 */
export function requireMatch(ifMatch: string | undefined, config: Edited): void {
  if (ifMatch === undefined || ifMatch.trim() === '*') return;
  const tags = ifMatch.split(',').map((tag) => tag.trim());
  if (!tags.includes(tagOf(config))) throw new PreconditionFailedError();
}

import { withoutPrivateFields, withoutPrivateText } from '../../../tasks/private-fields';
import { mayAccess } from '../../access-levels';
import type { Role } from '../../../storage/accounts/user';

/** The caller an answer is for. With an API key, `role` is the owner's role as far as the key's scope allows. */
export interface Reader {
  role: Role | null;
}

/**
 * Operators investigate failed runs and admins write configs: both need to see, for example, what a mail said.
 * Viewers only watch.
 */
const maySeePrivateFields = (reader: Reader) => mayAccess(reader.role, 'operator');

/** Parameters, a result or a cursor, without the private fields of the task type unless the reader may see them. */
export const redactFieldsFor = <Value>(reader: Reader, taskType: string | null, value: Value): Value =>
  maySeePrivateFields(reader) ? value : withoutPrivateFields(taskType, value);

/** A failure's text, which may quote private fields. */
export const redactTextFor = <Text extends string | null | undefined>(
  reader: Reader,
  taskType: string | null,
  text: Text,
): Text => (maySeePrivateFields(reader) ? text : withoutPrivateText(taskType, text));

/** An attempt's failure as it is stored. Message and traceback may quote private fields; `type` cannot. */
export function redactFailureFor(
  reader: Reader,
  taskType: string | null,
  failure: Record<string, unknown> | null,
): Record<string, unknown> | null {
  if (failure === null) return null;
  return Object.fromEntries(
    Object.entries(failure).map(([name, value]) => [
      name,
      typeof value === 'string' && name !== 'type' ? redactTextFor(reader, taskType, value) : value,
    ]),
  );
}

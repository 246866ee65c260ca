import { withoutPrivateFields, withoutPrivateText } from '../../../tasks/private-fields';
import { mayAccess } from '../../access-levels';
import type { Role } from '../../../storage/accounts/user';

/** Who is answered; with an API key, what the key leaves of the role. */
export interface Reader {
  role: Role | null;
}

/** Operators look into runs that failed, and admins write configs: both have to see what a mail said. Viewers only watch. */
const readsAll = (reader: Reader) => mayAccess(reader.role, 'operator');

export const fieldsFor = <Value>(reader: Reader, taskType: string | null, value: Value): Value =>
  readsAll(reader) ? value : withoutPrivateFields(taskType, value);
export const failureTextFor = <Text extends string | null | undefined>(
  reader: Reader,
  taskType: string | null,
  text: Text,
): Text => (readsAll(reader) ? text : withoutPrivateText(taskType, text));

/** An attempt's failure as it is stored: its message and traceback may quote what its type and name do not. */
export function failureFor(
  reader: Reader,
  taskType: string | null,
  failure: Record<string, unknown> | null,
): Record<string, unknown> | null {
  if (failure === null) return null;
  return Object.fromEntries(
    Object.entries(failure).map(([name, value]) => [
      name,
      typeof value === 'string' && name !== 'type' ? failureTextFor(reader, taskType, value) : value,
    ]),
  );
}

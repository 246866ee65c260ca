import { findTaskType } from './registry';

const REDACTED = '[redacted]';

/** Credentials are private in every task type. */
const SECRET = /password|passwd|secret|token|api_?key|authorization|credential|private_?key/i;
/** `expired_reset_tokens: 3` says how many, not which. */
const isCountOfThem = (name: string, value: unknown) => typeof value === 'number' && /tokens$/i.test(name);

/** All of them if the task type no longer exists, because nothing else names its private fields. */
const fieldsOf = (taskType: string | null): readonly string[] | 'all' =>
  (taskType === null ? undefined : findTaskType(taskType)?.privateFields) ?? 'all';
const hasPrivateFields = (taskType: string | null) => fieldsOf(taskType).length > 0;

/** Whether a JSON text may contain private values, so that it has to be parsed. */
export const mayHoldPrivateFields = (taskType: string | null, json: string): boolean =>
  hasPrivateFields(taskType) || SECRET.test(json);

/**
 * Parameters, a result or a cursor of a task type, with private values redacted at any depth. Returns the same object
 * when it has none.
 */
export function withoutPrivateFields<Value>(taskType: string | null, value: Value): Value {
  const own = fieldsOf(taskType);
  let isChanged = false;
  const redact = (inner: unknown): unknown => {
    if (Array.isArray(inner)) return inner.map(redact);
    if (typeof inner !== 'object' || inner === null) return inner;
    return Object.fromEntries(
      Object.entries(inner).map(([name, of]) =>
        of !== null && (own === 'all' || own.includes(name) || (SECRET.test(name) && !isCountOfThem(name, of)))
          ? [name, blacken()]
          : [name, redact(of)],
      ),
    );
  };
  const blacken = () => {
    isChanged = true;
    return REDACTED;
  };
  const redacted = redact(value);
  return isChanged ? (redacted as Value) : value;
}

/** What a run of a task type says of its failure. */
export const withoutPrivateText = <Text extends string | null | undefined>(
  taskType: string | null,
  text: Text,
): Text => (text && hasPrivateFields(taskType) ? (REDACTED as Text) : text);

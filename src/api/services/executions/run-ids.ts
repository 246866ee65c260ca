import { createHash, randomUUID } from 'node:crypto';

/** Who asks for what, and the key that makes a repetition of it recognisable. */
export interface StartContext {
  userId: number;
  idempotencyKey?: string;
}

/** A fresh uuid, or, with an idempotency key, always the same one for this user, this request and this key. */
function uuidFor(context: StartContext, request: string): string {
  if (context.idempotencyKey === undefined) return randomUUID();
  const hex = createHash('sha256')
    .update(JSON.stringify([context.userId, request, context.idempotencyKey]))
    .digest('hex');
  // Version 8 (custom) and the RFC's variant.
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

export const configRunId = (configId: number, context: StartContext, request = 'execute') =>
  `task-config-${configId}-${uuidFor(context, request)}`;
export const typeRunId = (taskType: string, context: StartContext, request = 'execute') =>
  `${taskType.toLowerCase().replaceAll('_', '-')}-${uuidFor(context, request)}`;
export const batchId = (context: StartContext) => `batch-${uuidFor(context, 'batch')}`;
export const batchTaskIds = (workflowId: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${workflowId}-${index + 1}`);

/**
 * The child workflow that does a run's work, for task types with a workflow of their own: see
 * workflows/child-workflow.ts.
 */
export const childWorkflowIdOf = (workflowId: string) => `${workflowId}-work`;

const withSortedNames = (_name: string, value: unknown) =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

/**
 * What the request means, whatever the order of its names; kept with the run, so that its key cannot stand for another.
 * Undefined without a key.
 */
export function fingerprintOf(context: StartContext, request: unknown): string | undefined {
  return context.idempotencyKey === undefined
    ? undefined
    : createHash('sha256').update(JSON.stringify(request, withSortedNames)).digest('hex');
}

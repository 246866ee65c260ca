import { createHash, randomUUID } from 'node:crypto';
import { sortedJson } from '../../../shared/sorted-json';

/** The user who starts a run, and the key by which a repeated request is recognised. */
export interface StartContext {
  userId: number;
  idempotencyKey?: string;
}

/** A random UUID; with an idempotency key the UUID derived from user, request and key. */
function uuidFor(context: StartContext, request: string): string {
  if (context.idempotencyKey === undefined) return randomUUID();
  const hex = createHash('sha256')
    .update(JSON.stringify([context.userId, request, context.idempotencyKey]))
    .digest('hex');
  // Version 8 (custom) and the variant of RFC 9562.
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/**
 * `request` tells requests with the same idempotency key apart: `execute`, or `retry <id>` for a retry of that
 * execution.
 */
export const configRunId = (configId: number, context: StartContext, request = 'execute') =>
  `task-config-${configId}-${uuidFor(context, request)}`;
export const typeRunId = (taskType: string, context: StartContext, request = 'execute') =>
  `${taskType.toLowerCase().replaceAll('_', '-')}-${uuidFor(context, request)}`;
export const batchId = (context: StartContext) => `batch-${uuidFor(context, 'batch')}`;
export const batchTaskIds = (workflowId: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${workflowId}-${index + 1}`);

/** The id of the child workflow that a run's own workflow starts for its work (workflows/child-workflow.ts). */
export const childWorkflowIdOf = (workflowId: string) => `${workflowId}-work`;

/**
 * A hash of the request, independent of the order of its properties. It is kept with the run, so that the same key with
 * another request is refused. Undefined without a key.
 */
export function fingerprintOf(context: StartContext, request: unknown): string | undefined {
  return context.idempotencyKey === undefined
    ? undefined
    : createHash('sha256').update(sortedJson(request)).digest('hex');
}

import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import { TRIGGERS } from '../shared/triggers';
import type { RunRequest, RunStart } from './run-request';

const LAST_INTEGER = 2_147_483_647;
/** Far above what the API takes; the history of one workflow holds a batch of this size. */
const BATCH_LIMIT = 10_000;
const id = z.int().min(1).max(LAST_INTEGER);
const origin = { requestedBy: id.optional(), signature: z.string().optional() };

/** The input of `runTask` (RunRequest). Anybody who reaches Temporal's port may send one. */
const runInput = z
  .object({
    configId: id.nullish().transform((value) => value ?? null),
    taskType: z.string().min(1).max(50).optional(),
    parameters: z.record(z.string(), z.unknown()).optional(),
    maxRetries: z.int().min(0).max(LAST_INTEGER).optional(),
    timeoutSeconds: z.int().min(1).max(LAST_INTEGER).nullish(),
    priority: z.int().min(1).max(10).optional(),
    triggeredBy: z.enum(TRIGGERS).optional(),
    retryOf: id.optional(),
    ...origin,
  })
  .refine(({ configId, taskType }) => configId !== null || taskType !== undefined, {
    path: ['configId'],
    message: 'name a config, or a task type',
  });

/** The input of `runBatch` (BatchRequest). */
export const batchInput = z.object({ configIds: z.array(id).min(1).max(BATCH_LIMIT), ...origin });

/** The input of a child workflow that a task type names, and of its steps. */
export const executionIdInput = id;
export const resetIdInput = z.uuid();

const EXPECTED = {
  runTask: '{"configId": 5}',
  runBatch: '{"configIds": [5, 6]}',
  scrapeReddit: '{"executionId": 5}',
  mailPasswordReset: '"the id of a password reset"',
} as const;

/** What is wrong with the input of a workflow, and what it should look like. */
function faultOf(workflow: keyof typeof EXPECTED, error: z.ZodError): string {
  const [issue] = error.issues;
  const at = issue && issue.path.length > 0 ? `${issue.path.join('.')}: ` : '';
  const wrong = `The input of ${workflow} is wrong (${at}${issue?.message})`;
  return `${wrong}: start it with ${EXPECTED[workflow]} or through the API`;
}

/** The input, if it fits; otherwise the workflow fails at once, because no retry makes its input right. */
export function requireInput<Schema extends z.ZodType>(
  workflow: keyof typeof EXPECTED,
  schema: Schema,
  given: unknown,
): z.output<Schema> {
  const { data, error } = schema.safeParse(given);
  if (error) throw ApplicationFailure.nonRetryable(faultOf(workflow, error), 'InvalidInput');
  return data;
}

const SCHEDULE_OF_CONFIG = /^task-config-(\d{1,9})$/;

/** The config whose schedule started the run. */
export function scheduledConfigId({ scheduleId }: RunStart): number | undefined {
  const digits = SCHEDULE_OF_CONFIG.exec(scheduleId ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/**
 * The request in a run's input. Of a wrong one nothing is used but what Temporal itself knows of the run: `fault` says
 * what is wrong.
 */
export function readRunInput(
  given: unknown,
  start: RunStart,
): { request: Partial<RunRequest> & { configId: number | null }; fault?: string } {
  const { data: request, error } = runInput.safeParse(given);
  const configOfSchedule = scheduledConfigId(start);
  const known = { configId: configOfSchedule ?? start.configId ?? null };
  if (error) return { request: known, fault: faultOf('runTask', error) };
  if (configOfSchedule !== undefined && request.configId !== configOfSchedule)
    return {
      request: known,
      fault: `The schedule of config ${configOfSchedule} starts config ${request.configId}: reload its schedule`,
    };
  return { request };
}

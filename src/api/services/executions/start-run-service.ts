import { findTaskType, storedParameters } from '../../../tasks/registry';
import {
  BadRequestError,
  ConflictError,
  ForbiddenError,
  NotFoundError,
  RequestValidationError,
  TEXTS,
} from '../../errors';
import { mayAccess } from '../../access-levels';
import { findParameterIssues } from '../../schemas/parameter-issues';
import { toValidationErrors, type ValidationError } from '../../http/validation-errors';
import { batchId, batchTaskIds, configRunId, fingerprintOf, typeRunId, type StartContext } from './run-ids';
import type { ExecutionGateway } from './execution-gateway';
import type { ExecutionQueryRepository } from '../../../storage/executions/execution-query-repository';
import type { TaskConfigRepository } from '../../../storage/configs/task-config-repository';
import type { Role } from '../../../storage/accounts/user';
import type { BatchSubmitted, RunOptions, Submitted } from '../../schemas/execute-schemas';

/** The API's default for runs without a config. */
const AD_HOC_PRIORITY = 5;

/** An idempotency key stands for one request: the same key with another request is refused. */
function requireSameRequest(kept: { fingerprint?: string }, fingerprint: string | undefined): void {
  if (kept.fingerprint !== fingerprint)
    throw new ConflictError(
      'This Idempotency-Key was used for another request: take a new key, or repeat that request unchanged',
    );
}

/** What is wrong with the parameters for a task type. Empty for an unknown type, and for anything but an object. */
function validateTaskParameters(name: string, parameters: unknown): ValidationError[] {
  return toValidationErrors(['body', 'task_params'], findParameterIssues(name, parameters), parameters);
}

export type StartRunService = ReturnType<typeof createStartRunService>;

/** Starts runs on request. */
export function createStartRunService(deps: {
  configs: TaskConfigRepository;
  queries: ExecutionQueryRepository;
  gateway: ExecutionGateway;
}) {
  const { configs, queries, gateway } = deps;
  const answer = (taskId: string, configId: number | null, taskType: string): Submitted => ({
    task_id: taskId,
    config_id: configId,
    task_type: taskType,
    status: 'submitted',
    queue: gateway.taskQueue,
    message: `${taskType} submitted`,
  });

  const presentBatch = (workflowId: string, accepted: number[], failed: BatchSubmitted['failed']): BatchSubmitted => ({
    task_ids: batchTaskIds(workflowId, accepted.length),
    total_submitted: accepted.length,
    config_ids: accepted,
    failed,
    total_failed: failed.length,
    status: 'submitted',
  });

  return {
    validateTaskParameters,

    /**
     * Throws unless the role may choose parameters for this task type. Parameters stored in a config or a run need no
     * check: an admin has chosen them.
     */
    requireAdHocAccess(name: string, role: Role | null): void {
      const access = findTaskType(name)?.adHocAccess;
      if (access && !mayAccess(role, access)) throw new ForbiddenError(TEXTS.forbidden);
    },

    async executeConfig(configId: number, context: StartContext): Promise<Submitted> {
      const config = await configs.get(configId);
      if (!config) throw new NotFoundError('Task config not found');
      if (!findTaskType(config.taskType)) throw new BadRequestError(`Unsupported task type ${config.taskType}`);
      const workflowId = configRunId(configId, context);
      await gateway.startRun({
        workflowId,
        request: { configId, triggeredBy: 'manual', requestedBy: context.userId },
        taskType: config.taskType,
        configName: config.name,
        priority: config.priority,
      });
      return answer(workflowId, configId, config.taskType);
    },

    async executeType(
      name: string,
      parameters: Record<string, unknown>,
      options: RunOptions,
      context: StartContext,
    ): Promise<Submitted> {
      if (!findTaskType(name)) throw new BadRequestError(`Unsupported task type ${name}`);
      const errors = validateTaskParameters(name, parameters);
      if (errors.length > 0) throw new RequestValidationError(errors);
      const workflowId = typeRunId(name, context);
      const fingerprint = fingerprintOf(context, { parameters, options });
      const kept = await gateway.startRun({
        workflowId,
        fingerprint,
        request: {
          configId: null,
          taskType: name,
          parameters: storedParameters(name, parameters),
          maxRetries: options.max_retries,
          timeoutSeconds: options.timeout_seconds,
          priority: options.priority,
          triggeredBy: 'by_type',
          requestedBy: context.userId,
        },
        taskType: name,
        configName: null,
        priority: options.priority ?? AD_HOC_PRIORITY,
      });
      requireSameRequest(kept, fingerprint);
      return answer(workflowId, null, name);
    },

    /** Runs many configs in one workflow. Ids that cannot run are listed in `failed`, and do not stop the others. */
    async executeBatch(configIds: number[], context: StartContext): Promise<BatchSubmitted> {
      const known = new Map((await configs.getMany(configIds)).map((config) => [config.id, config]));
      const refusal = (id: number) => {
        const config = known.get(id);
        if (!config) return 'Task config not found';
        return findTaskType(config.taskType) ? null : `Unsupported task type ${config.taskType}`;
      };
      const failed = configIds.flatMap((id) => {
        const error = refusal(id);
        return error === null ? [] : [{ id, error }];
      });
      const accepted = configIds.filter((id) => refusal(id) === null);
      const workflowId = batchId(context);
      const fingerprint = fingerprintOf(context, configIds);
      const start = () =>
        gateway.startBatch(workflowId, { configIds: accepted, requestedBy: context.userId }, { fingerprint, failed });
      // Nothing to start, but an earlier request with the same key may have started a batch.
      const findEarlier = async () => (fingerprint === undefined ? undefined : gateway.findBatch(workflowId));
      const kept = accepted.length > 0 ? await start() : await findEarlier();
      if (kept) requireSameRequest(kept, fingerprint);
      return presentBatch(workflowId, kept?.configIds ?? [], kept?.failed ?? failed);
    },

    /** Starts a new run with the parameters and limits of a finished one, not with those of its config. */
    async retry(idOrTaskId: string, context: StartContext): Promise<Submitted> {
      const execution = await queries.find(idOrTaskId);
      if (!execution) throw new NotFoundError('Execution not found');
      if (execution.status === 'running')
        throw new ConflictError('The execution is still running: cancel or terminate it first');
      const { taskType, configId } = execution;
      if (taskType === null || !findTaskType(taskType)) throw new BadRequestError(`Unsupported task type ${taskType}`);
      const request = `retry ${execution.id}`;
      const workflowId =
        configId === null ? typeRunId(taskType, context, request) : configRunId(configId, context, request);
      await gateway.startRun({
        workflowId,
        request: {
          configId,
          taskType,
          parameters: execution.parameters,
          maxRetries: execution.maxRetries,
          timeoutSeconds: execution.timeoutSeconds,
          priority: execution.priority,
          triggeredBy: 'retry',
          requestedBy: context.userId,
          retryOf: execution.id,
        },
        taskType,
        configName: execution.configName,
        priority: execution.priority,
      });
      return { ...answer(workflowId, configId, taskType), retry_of: execution.id };
    },
  };
}

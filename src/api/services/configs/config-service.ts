import { NotFoundError, PreconditionFailedError, RequestValidationError } from '../../errors';
import { editedAt, requireMatch } from './config-tag';
import { toValidationErrors, type ValidationError } from '../../http/validation-errors';
import { settleScheduleEdit } from '../../../scheduling/schedule/schedule-config';
import { findConfigIssues } from '../../schemas/config-issues';
import { presentConfig, presentConfigStats, presentRecentEvent, type Actual } from './config-presenter';
import type { FastifyBaseLogger } from 'fastify';
import type { ScheduleCommands } from '../../../scheduling/temporal/schedule-commands';
import type { ScheduleConvergence } from '../../../scheduling/temporal/schedule-convergence';
import type { ScheduleView } from '../../../scheduling/temporal/schedule-view';
import type { ExecutionQueryRepository } from '../../../storage/executions/execution-query-repository';
import type { TaskConfig } from '../../../storage/configs/task-config';
import { storedParameters } from '../../../tasks/registry';
import type { TaskConfigRepository } from '../../../storage/configs/task-config-repository';
import type { Reader } from '../common/redaction';
import type {
  ConfigBody,
  ConfigDetailBody,
  ConfigPage,
  CreateBody,
  ListQuery,
  UpdateBody,
} from '../../schemas/config-schemas';

const RECENT_EVENTS = 5;
const ORDER = { created_at: 'createdAt', updated_at: 'updatedAt', name: 'name' } as const;

export interface ConfigServiceDeps {
  configs: TaskConfigRepository;
  queries: ExecutionQueryRepository;
  scheduleView: ScheduleView;
  commands: ScheduleCommands;
  convergence: ScheduleConvergence;
  log: Pick<FastifyBaseLogger, 'warn'>;
}

export type ConfigService = ReturnType<typeof createConfigService>;

export function createConfigService(deps: ConfigServiceDeps) {
  const { configs, queries, scheduleView, commands, convergence } = deps;

  async function find(id: number): Promise<TaskConfig> {
    const config = await configs.get(id);
    if (!config) throw new NotFoundError('Task config not found');
    return config;
  }

  /** Undefined when Temporal does not answer. Configs stay readable then, and show as not consistent. */
  async function ifTemporalAnswers<Answer>(ask: () => Promise<Answer>): Promise<Answer | undefined> {
    try {
      return await ask();
    } catch (error) {
      deps.log.warn({ err: error }, 'Temporal does not tell the state of schedules');
      return undefined;
    }
  }

  const actualOf = (id: number): Promise<Actual> => ifTemporalAnswers(() => scheduleView.find(id));

  /** The row and its schedule as they are now. */
  async function present(id: number, reader: Reader): Promise<ConfigBody> {
    const [config, actual] = await Promise.all([find(id), actualOf(id)]);
    return presentConfig(config, actual, reader);
  }

  /** Checks parameters and schedule by the rules of the config's task type and scheduler type. */
  const validateFields = (config: TaskConfig, body: Partial<Record<keyof UpdateBody, unknown>>) =>
    toValidationErrors(
      'body',
      findConfigIssues(
        {
          taskType: config.taskType,
          schedulerType: config.schedulerType,
          storedParameters: config.parameters,
          storedSchedule: config.scheduleConfig,
        },
        body,
      ),
      body,
    );

  /** After a write that found no row: the config is gone, or was edited meanwhile. */
  async function refuseEdit(id: number): Promise<never> {
    await find(id);
    throw new PreconditionFailedError();
  }

  return {
    async list(query: ListQuery, reader: Reader): Promise<ConfigPage> {
      const { items, total } = await configs.list({
        taskType: query.task_type,
        nameSearch: query.name_search,
        orderBy: ORDER[query.order_by],
        isDescending: query.order_desc,
        page: query.page,
        pageSize: query.page_size,
      });
      const actual = await ifTemporalAnswers(() => scheduleView.of(items.map((config) => config.id)));
      return {
        items: items.map((config) => presentConfig(config, actual && (actual.get(config.id) ?? null), reader)),
        total,
        page: query.page,
        page_size: query.page_size,
        pages: Math.ceil(total / query.page_size),
      };
    },

    async get(id: number, withStats: boolean, reader: Reader): Promise<ConfigDetailBody> {
      const [found, actual, totals] = await Promise.all([
        configs.getWithEvents(id, RECENT_EVENTS),
        actualOf(id),
        withStats ? queries.configTotals(id) : null,
      ]);
      if (!found) throw new NotFoundError('Task config not found');
      const { config, events } = found;
      return {
        ...presentConfig(config, actual, reader),
        recent_history: events.map(presentRecentEvent),
        stats: totals && presentConfigStats(totals),
      };
    },

    /**
     * Takes a body whose parameters and schedule its schema has checked. A schedule that cannot be started does not
     * undo the config: its state is then `error`, with the reason.
     */
    async create(body: CreateBody, options: { isStarted: boolean }, reader: Reader): Promise<ConfigBody> {
      const { id } = await configs.create({
        name: body.name,
        description: body.description,
        taskType: body.task_type,
        schedulerType: body.scheduler_type,
        parameters: storedParameters(body.task_type, body.parameters),
        scheduleConfig: body.schedule_config,
        maxRetries: body.max_retries,
        timeoutSeconds: body.timeout_seconds,
        priority: body.priority,
      });
      if (options.isStarted) await commands.start(id);
      return present(id, reader);
    },

    /**
     * Applies the change to an armed schedule at once. While Temporal is away the row is kept, and reconcile applies
     * it.
     */
    async update(id: number, body: UpdateBody, reader: Reader, ifMatch?: string): Promise<ConfigBody> {
      const config = await find(id);
      requireMatch(ifMatch, config);
      const scheduleConfig =
        body.schedule_config && settleScheduleEdit(config.schedulerType, body.schedule_config, config.scheduleConfig);
      const errors = validateFields(config, { ...body, schedule_config: scheduleConfig });
      if (errors.length > 0) throw new RequestValidationError(errors);
      const changes = {
        name: body.name,
        description: body.description,
        parameters: body.parameters && storedParameters(config.taskType, body.parameters),
        scheduleConfig,
        maxRetries: body.max_retries,
        timeoutSeconds: body.timeout_seconds,
        priority: body.priority,
      };
      const updated = await configs.update(id, changes, ifMatch === undefined ? {} : { ifEditedAt: editedAt(config) });
      if (!updated) return refuseEdit(id);
      if (updated.scheduleStatus !== 'inactive') await commands.rearm(id);
      return present(id, reader);
    },

    /**
     * The errors in parameters and schedule of a body that its schema has refused already, so that one answer names all
     * errors. Empty for an unknown config.
     */
    async validateUpdate(id: number, body: object): Promise<ValidationError[]> {
      const config = await configs.get(id);
      return config ? validateFields(config, body) : [];
    },

    async remove(id: number, ifMatch?: string): Promise<string> {
      const config = await find(id);
      requireMatch(ifMatch, config);
      const removed = await configs.remove(id, ifMatch === undefined ? {} : { ifEditedAt: editedAt(config) });
      if (!removed && ifMatch !== undefined) return refuseEdit(id);
      // The schedule of a config that is gone is removed. If Temporal does not answer now, reconcile does it.
      await ifTemporalAnswers(() => convergence.converge(id));
      return `Task config ${config.name} deleted`;
    },
  };
}

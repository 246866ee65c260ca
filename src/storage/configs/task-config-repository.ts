import { containing } from '../sql/like-patterns';
import { TaskConfig, TASK_CONFIG_COLUMNS, type ScheduleStatus } from './task-config';
import { prepare, prepareRows, selectList } from '../sql/prepared-statement';
import { ScheduleEvent, SCHEDULE_EVENT_COLUMNS, type ScheduleEventName } from './schedule-event';
import { rows } from '../sql/rows';
import type { Database } from '../../platform/postgres/postgres';

export interface NewTaskConfig {
  name: string;
  description: string | null;
  taskType: string;
  schedulerType: string;
  parameters: Record<string, unknown>;
  scheduleConfig: Record<string, unknown>;
  maxRetries: number;
  timeoutSeconds: number | null;
  priority: number;
}

export type TaskConfigChanges = Partial<Omit<NewTaskConfig, 'taskType' | 'schedulerType'>>;

export interface TaskConfigQuery {
  taskType?: string;
  nameSearch?: string;
  orderBy: 'createdAt' | 'updatedAt' | 'name';
  isDescending: boolean;
  page: number;
  pageSize: number;
}

export interface NewScheduleEvent {
  event: ScheduleEventName;
  newStatus?: ScheduleStatus;
  taskName?: string;
  success?: boolean;
  error?: string;
}

export interface ConfigCounts {
  total: number;
  byStatus: Record<ScheduleStatus, number>;
  byType: Record<string, number>;
}

/** The newest events of a config that are kept. */
const EVENTS_KEPT = 100;

const ADD_EVENTS = `
  with alive as (select id from task_configs where id = :configId for key share)
  insert into schedule_events (config_id, event, new_status, task_name, success, error)
  select alive.id, e.event, e.new_status, e.task_name, e.success, e.error
  from alive, jsonb_to_recordset(:events::jsonb)
    as e(event text, new_status text, task_name text, success boolean, error text)`;
const REMOVE_OLD_EVENTS = `
  delete from schedule_events
  where config_id = :configId
    and id <= (select id from schedule_events where config_id = :configId order by id desc offset :kept limit 1)`;

const EDITED_AT = "date_trunc('milliseconds', coalesce(updated_at, created_at)) = ?";
/** Edits never share their time, because it identifies them. */
const NEXT_EDIT = "greatest(?::timestamptz, coalesce(updated_at, created_at) + interval '1 millisecond')";

// Query builders take the database's names: snakeCaseMappers translates rows, not queries.
const ORDER_COLUMNS = { createdAt: 'created_at', updatedAt: 'updated_at', name: 'name' } as const;

export type TaskConfigRepository = ReturnType<typeof createTaskConfigRepository>;

/** Configs with their desired schedule state, and the events of their schedules. Every write increments `revision`. */
export function createTaskConfigRepository(database: Database) {
  const configs = TaskConfig.bindKnex(database);
  const nextRevision = configs.raw('revision + 1');
  const byId = prepareRows(database, 'config-by-id', TaskConfig, TASK_CONFIG_COLUMNS, 'where id = ?');
  const eventsOf = prepareRows(
    database,
    'events-of-config',
    ScheduleEvent,
    SCHEDULE_EVENT_COLUMNS,
    'where config_id = ? order by id desc limit ?',
  );
  const withEvents = prepareRows(database, 'config-with-events', TaskConfig, TASK_CONFIG_COLUMNS, 'where id = ?', {
    sql: `(
      select coalesce(json_agg(newest), '[]') from (
        select ${selectList(SCHEDULE_EVENT_COLUMNS)} from schedule_events
        where config_id = task_configs.id order by id desc limit ?
      ) newest
    )`,
    name: 'events',
  });
  const counted = prepare<{ status: ScheduleStatus; taskType: string; total: number }>(
    database,
    'config-counts',
    `select schedule_status as status, task_type as "taskType", count(*) as total
     from task_configs group by 1, 2 order by 2`,
  );
  const namedZones = prepare<{ zone: string }>(
    database,
    'zones-in-use',
    `select distinct schedule_config ->> 'timezone' as zone from task_configs
     where schedule_status in ('active', 'paused') and jsonb_typeof(schedule_config -> 'timezone') = 'string'`,
  );

  return {
    async create(config: NewTaskConfig): Promise<TaskConfig> {
      return configs.query().insert(config).returning('*');
    },

    async get(id: number): Promise<TaskConfig | undefined> {
      return (await byId([id]))[0];
    },

    /** The config with its newest events, in one query: most clients that read a config read both. */
    async getWithEvents(
      id: number,
      limit: number,
    ): Promise<{ config: TaskConfig; events: ScheduleEvent[] } | undefined> {
      const [row] = await withEvents([limit, id]);
      if (!row) return undefined;
      const { events } = row as TaskConfig & { events: (Omit<ScheduleEvent, 'createdAt'> & { createdAt: string })[] };
      return {
        config: row,
        events: events.map((event) =>
          Object.assign(new ScheduleEvent(), event, { createdAt: new Date(event.createdAt) }),
        ),
      };
    },

    async getMany(ids: number[]): Promise<TaskConfig[]> {
      return configs.query().whereRaw('id = any(?)', [ids]);
    },

    async list(query: TaskConfigQuery): Promise<{ items: TaskConfig[]; total: number }> {
      const { results, total } = await configs
        .query()
        .modify((builder) => {
          if (query.taskType !== undefined) builder.where('task_type', query.taskType);
          if (query.nameSearch) builder.whereILike('name', containing(query.nameSearch));
        })
        .orderBy(ORDER_COLUMNS[query.orderBy], query.isDescending ? 'desc' : 'asc', 'last')
        .orderBy('id', query.isDescending ? 'desc' : 'asc')
        .page(query.page - 1, query.pageSize);
      return { items: results, total };
    },

    /** Undefined when the config is gone, or was edited at another time than `ifEditedAt`. */
    async update(
      id: number,
      changes: TaskConfigChanges,
      { ifEditedAt }: { ifEditedAt?: Date } = {},
    ): Promise<TaskConfig | undefined> {
      return configs
        .query()
        .findById(id)
        .modify((builder) => {
          if (ifEditedAt) builder.whereRaw(EDITED_AT, [ifEditedAt]);
        })
        .patch({ ...changes, updatedAt: configs.raw(NEXT_EDIT, [new Date()]), revision: nextRevision })
        .returning('*')
        .first();
    },

    async remove(id: number, { ifEditedAt }: { ifEditedAt?: Date } = {}): Promise<boolean> {
      const removed = await configs
        .query()
        .deleteById(id)
        .modify((builder) => {
          if (ifEditedAt) builder.whereRaw(EDITED_AT, [ifEditedAt]);
        });
      return removed > 0;
    },

    /**
     * Sets the desired schedule state; where `from` is given, only from one of those. Undefined when the config is gone
     * or in another state.
     */
    async setScheduleStatus(
      id: number,
      status: ScheduleStatus,
      options: { from?: ScheduleStatus[]; ifRevision?: number; error?: string | null } = {},
    ): Promise<TaskConfig | undefined> {
      return configs
        .query()
        .findById(id)
        .modify((builder) => {
          if (options.from) builder.whereIn('schedule_status', options.from);
          if (options.ifRevision !== undefined) builder.where('revision', options.ifRevision);
        })
        .patch({
          scheduleStatus: status,
          scheduleError: options.error ?? null,
          revision: nextRevision,
          ...(status === 'active' ? { registeredAt: new Date() } : {}),
        })
        .returning('*')
        .first();
    },

    /** All configs that should have a schedule: reconcile compares them with Temporal. */
    async listScheduled(): Promise<TaskConfig[]> {
      return configs.query().whereIn('schedule_status', ['active', 'paused']).orderBy('id');
    },

    /** The time zones that configs with a schedule name, as they are written. */
    async zonesInUse(): Promise<string[]> {
      return (await namedZones([])).map(({ zone }) => zone);
    },

    /** In the order of their ids, from the one after `afterId`. */
    async listWithoutError(afterId: number, limit: number): Promise<TaskConfig[]> {
      return configs.query().whereNot('schedule_status', 'error').where('id', '>', afterId).orderBy('id').limit(limit);
    },

    /** Inserts nothing when the config was deleted meanwhile. */
    async addEvents(configId: number, newEvents: NewScheduleEvent[]): Promise<void> {
      await rows(database, ADD_EVENTS, {
        configId,
        events: JSON.stringify(
          newEvents.map((e) => ({
            event: e.event,
            new_status: e.newStatus,
            task_name: e.taskName,
            success: e.success,
            error: e.error,
          })),
        ),
      });
      await rows(database, REMOVE_OLD_EVENTS, { configId, kept: EVENTS_KEPT });
    },

    /** Newest first. */
    async listEvents(configId: number, limit: number): Promise<ScheduleEvent[]> {
      return eventsOf([configId, limit]);
    },

    /** How many there are of each state and type. */
    async count(): Promise<ConfigCounts> {
      const counts: ConfigCounts = { total: 0, byStatus: { active: 0, inactive: 0, paused: 0, error: 0 }, byType: {} };
      for (const { status, taskType, total } of await counted([])) {
        counts.total += total;
        counts.byStatus[status] += total;
        counts.byType[taskType] = (counts.byType[taskType] ?? 0) + total;
      }
      return counts;
    },
  };
}

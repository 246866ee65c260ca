import { BaseModel } from '../sql/base-model';
import type { ColumnsOf } from '../sql/prepared-statement';

export const SCHEDULE_STATUSES = ['active', 'inactive', 'paused', 'error'] as const;
export type ScheduleStatus = (typeof SCHEDULE_STATUSES)[number];

export class TaskConfig extends BaseModel {
  static override tableName = 'task_configs';
  static override get jsonAttributes() {
    return ['parameters', 'scheduleConfig'];
  }

  declare id: number;
  declare name: string;
  declare description: string | null;
  declare taskType: string;
  /** The name of a scheduler type. */
  declare schedulerType: string;
  declare parameters: Record<string, unknown>;
  declare scheduleConfig: Record<string, unknown>;
  declare maxRetries: number;
  declare timeoutSeconds: number | null;
  declare priority: number;
  /** The desired state; Temporal holds the actual one. */
  declare scheduleStatus: ScheduleStatus;
  declare scheduleError: string | null;
  /** Grows with every write that the Temporal schedule has to follow. */
  declare revision: number;
  /** Runs start up to this much later than the schedule says; 0 unless many schedules share its times. */
  declare staggerSeconds: number;
  /** The stagger ends at this time, unless many schedules share its times again before. */
  declare staggeredUntil: Date | null;
  /** When the config was last set to `active`; null if it never was. */
  declare registeredAt: Date | null;
  declare createdAt: Date;
  declare updatedAt: Date | null;
}

export const TASK_CONFIG_COLUMNS: ColumnsOf<TaskConfig> = {
  id: 'id',
  name: 'name',
  description: 'description',
  taskType: 'task_type',
  schedulerType: 'scheduler_type',
  parameters: 'parameters',
  scheduleConfig: 'schedule_config',
  maxRetries: 'max_retries',
  timeoutSeconds: 'timeout_seconds',
  priority: 'priority',
  scheduleStatus: 'schedule_status',
  scheduleError: 'schedule_error',
  revision: 'revision',
  staggerSeconds: 'stagger_seconds',
  staggeredUntil: 'staggered_until',
  registeredAt: 'registered_at',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
};

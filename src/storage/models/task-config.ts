import { BaseModel } from './base-model';

export const SCHEDULER_TYPES = ['cron', 'date', 'interval', 'manual'] as const;
export type SchedulerType = (typeof SCHEDULER_TYPES)[number];
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
  declare schedulerType: SchedulerType;
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
  declare registeredAt: Date | null;
  declare createdAt: Date;
  declare updatedAt: Date | null;
}

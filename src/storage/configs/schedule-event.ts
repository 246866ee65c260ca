import { BaseModel } from '../sql/base-model';
import type { ColumnsOf } from '../sql/prepared-statement';
import type { ScheduleStatus } from './task-config';

export type ScheduleEventName =
  | 'status_changed'
  | 'task_registered'
  /** The config is at fault: it could not run or be scheduled as it is stored. */
  | 'task_register_failed'
  /** Temporal refused the schedule, or did not answer. */
  | 'task_register_error'
  | 'task_unregistered'
  | 'task_unregister_error'
  | 'task_paused'
  | 'task_pause_error'
  /** A pause or a stop found due runs that waited for the one at work. */
  | 'runs_dropped'
  | 'task_completed'
  | 'task_repaired';

export class ScheduleEvent extends BaseModel {
  static override tableName = 'schedule_events';

  declare id: number;
  declare configId: number;
  declare event: ScheduleEventName;
  declare newStatus: ScheduleStatus | null;
  declare taskName: string | null;
  declare success: boolean | null;
  /** Why it failed; beside `success: true`, the reason for the repair. */
  declare error: string | null;
  declare createdAt: Date;
}

export const SCHEDULE_EVENT_COLUMNS: ColumnsOf<ScheduleEvent> = {
  id: 'id',
  configId: 'config_id',
  event: 'event',
  newStatus: 'new_status',
  taskName: 'task_name',
  success: 'success',
  error: 'error',
  createdAt: 'created_at',
};

import { parseScheduleConfig } from './schedule-config';
import { ConfigNotFoundError } from './scheduling-errors';
import type { ScheduleConvergence } from './schedule-convergence';
import type { ScheduleStatus, TaskConfig } from '../storage/models/task-config';
import type { ScheduleEventName } from '../storage/models/schedule-event';
import type { TaskConfigRepository } from '../storage/task-config-repository';

export const SCHEDULE_ACTIONS = ['start', 'stop', 'pause', 'resume', 'reload'] as const;
export type ScheduleAction = (typeof SCHEDULE_ACTIONS)[number];

export interface ActionResult {
  success: boolean;
  message: string;
  config_id: number;
}

export interface ScheduleActionDeps {
  configs: Pick<TaskConfigRepository, 'get' | 'setScheduleStatus' | 'addEvents'>;
  convergence: ScheduleConvergence;
  /** False for a type that this version no longer has: such a config cannot be armed. */
  isKnownTaskType?: (taskType: string) => boolean;
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

export type ScheduleActions = ReturnType<typeof createScheduleActions>;

/** What a person does to a schedule: the row first, then Temporal. A refused or failed action is a result, not an error; an unknown config throws ConfigNotFoundError. */
export function createScheduleActions({ configs, convergence, isKnownTaskType = () => true }: ScheduleActionDeps) {
  async function find(configId: number): Promise<TaskConfig> {
    const config = await configs.get(configId);
    if (!config) throw new ConfigNotFoundError(configId);
    return config;
  }

  const answer = (configId: number, success: boolean, message: string): ActionResult => ({ success, message, config_id: configId });

  async function record(config: TaskConfig, status: ScheduleStatus | null, action: { event: ScheduleEventName; success: boolean; error?: string }): Promise<void> {
    await configs.addEvents(config.id, [...(status ? [{ event: 'status_changed' as const, newStatus: status }] : []), { taskName: config.name, ...action }]);
  }

  async function failStart(config: TaskConfig, event: ScheduleEventName, error: unknown): Promise<ActionResult> {
    const message = messageOf(error);
    const failed = await configs.setScheduleStatus(config.id, 'error', { ifRevision: config.revision, error: message });
    await record(config, failed ? 'error' : null, { event, success: false, error: message });
    return answer(config.id, false, `${config.name} could not be scheduled: ${message}`);
  }

  async function arm(config: TaskConfig, options: { from?: ScheduleStatus[] } = {}): Promise<ActionResult> {
    if (config.schedulerType === 'manual') return answer(config.id, false, `${config.name} is a manual task: it has no schedule, execute it instead`);
    try {
      if (!isKnownTaskType(config.taskType)) throw new Error(`unknown task type ${config.taskType}`);
      parseScheduleConfig(config.schedulerType, config.scheduleConfig, { now: new Date() });
    } catch (error) {
      const result = await failStart(config, 'task_register_failed', error);
      // It may have been armed before, by what is no longer valid.
      await convergence.converge(config.id).catch(() => undefined);
      return result;
    }
    if (config.scheduleStatus === 'active') return reapply(config, { unpause: true });
    const active = await configs.setScheduleStatus(config.id, 'active', options);
    if (!active) return answer(config.id, false, `${config.name} was changed by somebody else meanwhile: it is ${(await find(config.id)).scheduleStatus}`);
    try {
      await convergence.converge(config.id, { unpause: true });
    } catch (error) {
      return failStart(active, 'task_register_error', error);
    }
    await record(active, 'active', { event: 'task_registered', success: true });
    return answer(config.id, true, `${config.name} is active`);
  }

  /** A state that needs no schedule or a silent one. When Temporal cannot follow now, reconcile makes it. */
  async function silence(config: TaskConfig, status: 'inactive' | 'paused', events: { done: ScheduleEventName; failed: ScheduleEventName }, options: { from?: ScheduleStatus[] } = {}): Promise<ActionResult | undefined> {
    const written = await configs.setScheduleStatus(config.id, status, options);
    if (!written) return undefined;
    try {
      await convergence.converge(config.id);
    } catch (error) {
      await record(config, status, { event: events.failed, success: false, error: messageOf(error) });
      return answer(config.id, false, `Task ${config.id} is recorded as ${status}, but its schedule could not be changed yet: ${messageOf(error)}`);
    }
    await record(config, status, { event: events.done, success: true });
    return answer(config.id, true, `Task ${config.id} is ${status}`);
  }

  async function stop(configId: number): Promise<ActionResult> {
    const config = await find(configId);
    const stopped = await silence(config, 'inactive', { done: 'task_unregistered', failed: 'task_unregister_error' });
    if (!stopped) throw new ConfigNotFoundError(configId);
    return stopped;
  }

  /** The row is as desired already; when Temporal cannot follow now, reconcile makes it. */
  async function reapply(config: TaskConfig, options: { unpause?: boolean } = {}): Promise<ActionResult> {
    try {
      const settled = await convergence.converge(config.id, options);
      await record(config, null, { event: 'task_registered', success: true });
      return answer(config.id, true, `${config.name} is ${settled?.scheduleStatus ?? 'deleted'}, and its schedule follows`);
    } catch (error) {
      await record(config, null, { event: 'task_register_error', success: false, error: messageOf(error) });
      return answer(config.id, false, `The schedule of ${config.name} could not be changed yet: ${messageOf(error)}`);
    }
  }

  async function rearm(configId: number): Promise<ActionResult> {
    const config = await find(configId);
    if (config.scheduleStatus === 'active' || config.scheduleStatus === 'paused') return reapply(config);
    return answer(configId, true, `${config.name} is ${config.scheduleStatus}: nothing to reload`);
  }

  return {
    async start(configId: number): Promise<ActionResult> {
      return arm(await find(configId));
    },

    stop,

    /** Takes the schedule away; the config stays. */
    remove: stop,

    async pause(configId: number): Promise<ActionResult> {
      const config = await find(configId);
      const paused = await silence(config, 'paused', { done: 'task_paused', failed: 'task_pause_error' }, { from: ['active'] });
      return paused ?? answer(configId, false, `Only an active task can be paused; ${config.name} is ${(await find(configId)).scheduleStatus}`);
    },

    async resume(configId: number): Promise<ActionResult> {
      const config = await find(configId);
      if (config.scheduleStatus !== 'paused') return answer(configId, false, `Only a paused task can be resumed; ${config.name} is ${config.scheduleStatus}`);
      return arm(config, { from: ['paused'] });
    },

    reload: rearm,

    /** For whoever has changed a config: its schedule, if it has one, follows at once. */
    rearm,
  };
}

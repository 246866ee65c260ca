import { createKeyedQueue } from './keyed-queue';
import { findExpiry, parseScheduleConfig } from '../schedule/schedule-config';
import { findSchedulerType } from '../scheduler-types/registry';
import { ConfigNotFoundError, isRefusal } from './scheduling-errors';
import type { ScheduleConvergence } from './schedule-convergence';
import type { ScheduleStatus, TaskConfig } from '../../storage/configs/task-config';
import type { ScheduleEventName } from '../../storage/configs/schedule-event';
import type { TaskConfigRepository } from '../../storage/configs/task-config-repository';

export const SCHEDULE_COMMANDS = ['start', 'stop', 'pause', 'resume', 'reload'] as const;
export type ScheduleCommand = (typeof SCHEDULE_COMMANDS)[number];

export interface CommandResult {
  success: boolean;
  message: string;
  config_id: number;
}

/** Why a config cannot run as it is stored, in words for its owner; null when it can. */
export type FindConfigError = (taskType: string, parameters: Record<string, unknown>) => string | null;

export interface ScheduleCommandDeps {
  configs: Pick<TaskConfigRepository, 'get' | 'setScheduleStatus' | 'addEvents'>;
  convergence: ScheduleConvergence;
  /** A config with such an error does not get a schedule. */
  findConfigError?: FindConfigError;
}

const firesByItself = (config: TaskConfig) => findSchedulerType(config.schedulerType)?.fires !== 'never';

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

export type ScheduleCommands = ReturnType<typeof createScheduleCommands>;

/**
 * The commands of users on a schedule. Each writes the row first and changes Temporal second. A command that is refused
 * or fails returns a result; only an unknown config throws (ConfigNotFoundError).
 */
export function createScheduleCommands({ configs, convergence, findConfigError = () => null }: ScheduleCommandDeps) {
  async function find(configId: number): Promise<TaskConfig> {
    const config = await configs.get(configId);
    if (!config) throw new ConfigNotFoundError(configId);
    return config;
  }

  const answer = (configId: number, success: boolean, message: string): CommandResult => ({
    success,
    message,
    config_id: configId,
  });

  async function record(
    config: TaskConfig,
    status: ScheduleStatus | null,
    action: { event: ScheduleEventName; success: boolean; error?: string },
  ): Promise<void> {
    await configs.addEvents(config.id, [
      ...(status ? [{ event: 'status_changed' as const, newStatus: status }] : []),
      { taskName: config.name, ...action },
    ]);
  }

  /** Sets the config to `error`, and removes the schedule that it had. */
  async function fail(config: TaskConfig, event: ScheduleEventName, error: unknown): Promise<CommandResult> {
    const message = messageOf(error);
    const failed = await configs.setScheduleStatus(config.id, 'error', { ifRevision: config.revision, error: message });
    await record(config, failed ? 'error' : null, { event, success: false, error: message });
    await convergence.converge(config.id).catch(() => undefined);
    return answer(config.id, false, `${config.name} could not be scheduled: ${message}`);
  }

  /** Applies the written row `config` to Temporal. If that fails, reconcile applies it later. */
  async function follow(
    config: TaskConfig,
    events: { status: ScheduleStatus | null; done: ScheduleEventName; failed: ScheduleEventName },
    answerTo: (settled: ScheduleStatus | 'deleted') => CommandResult,
  ): Promise<CommandResult> {
    try {
      const settled = await convergence.converge(config.id);
      await record(config, events.status, { event: events.done, success: true });
      return answerTo(settled?.scheduleStatus ?? 'deleted');
    } catch (error) {
      if (isRefusal(error)) return fail(config, events.failed, error);
      await record(config, events.status, { event: events.failed, success: false, error: messageOf(error) });
      return answer(
        config.id,
        false,
        `${config.name} is recorded as ${config.scheduleStatus}, ` +
          `but its schedule could not be changed yet: ${messageOf(error)}`,
      );
    }
  }

  async function arm(config: TaskConfig): Promise<CommandResult> {
    if (!firesByItself(config))
      return answer(config.id, false, `${config.name} is a manual task: it has no schedule, execute it instead`);
    const isActive = config.scheduleStatus === 'active';
    // An active config may have expired too, before reconcile has made it inactive. Its run may still be in progress,
    // so nothing is changed.
    const past = findExpiry(config.schedulerType, config.scheduleConfig, new Date());
    if (past !== null) return answer(config.id, false, `${config.name} cannot be started: ${past}`);
    try {
      const error = findConfigError(config.taskType, config.parameters);
      if (error !== null) throw new Error(error);
      // The date of an active config may be reached at this moment, so it is not compared with the clock.
      parseScheduleConfig(config.schedulerType, config.scheduleConfig, isActive ? {} : { now: new Date() });
    } catch (error) {
      return fail(config, 'task_register_failed', error);
    }
    const active = await configs.setScheduleStatus(config.id, 'active', { from: [config.scheduleStatus] });
    if (!active)
      return answer(
        config.id,
        false,
        `${config.name} was changed by somebody else meanwhile: it is ${(await find(config.id)).scheduleStatus}`,
      );
    const events = {
      status: isActive ? null : ('active' as const),
      done: 'task_registered' as const,
      failed: 'task_register_error' as const,
    };
    return follow(active, events, (settled) => answer(config.id, settled === 'active', `${config.name} is ${settled}`));
  }

  /** Sets a status in which the config has no schedule, or a paused one. Undefined when the row was not written. */
  async function silence(
    config: TaskConfig,
    status: 'inactive' | 'paused',
    events: { done: ScheduleEventName; failed: ScheduleEventName },
    options: { from?: ScheduleStatus[] } = {},
  ): Promise<CommandResult | undefined> {
    const written = await configs.setScheduleStatus(config.id, status, options);
    return (
      written && follow(written, { status, ...events }, () => answer(config.id, true, `Task ${config.id} is ${status}`))
    );
  }

  async function stop(configId: number): Promise<CommandResult> {
    const config = await find(configId);
    const stopped = await silence(config, 'inactive', { done: 'task_unregistered', failed: 'task_unregister_error' });
    if (!stopped) throw new ConfigNotFoundError(configId);
    return stopped;
  }

  async function pause(configId: number): Promise<CommandResult> {
    const config = await find(configId);
    const paused = await silence(
      config,
      'paused',
      { done: 'task_paused', failed: 'task_pause_error' },
      { from: ['active'] },
    );
    return (
      paused ??
      answer(
        configId,
        false,
        `Only an active task can be paused; ${config.name} is ${(await find(configId)).scheduleStatus}`,
      )
    );
  }

  async function resume(configId: number): Promise<CommandResult> {
    const config = await find(configId);
    if (config.scheduleStatus !== 'paused')
      return answer(configId, false, `Only a paused task can be resumed; ${config.name} is ${config.scheduleStatus}`);
    return arm(config);
  }

  async function rearm(configId: number): Promise<CommandResult> {
    const config = await find(configId);
    // A manual config cannot be started, so only corrected parameters can end its error.
    if (!firesByItself(config) && config.scheduleStatus === 'error') return stop(configId);
    if (config.scheduleStatus !== 'active' && config.scheduleStatus !== 'paused')
      return answer(configId, true, `${config.name} is ${config.scheduleStatus}: nothing to reload`);
    return follow(config, { status: null, done: 'task_registered', failed: 'task_register_error' }, (settled) =>
      answer(configId, true, `${config.name} is ${settled}, and its schedule follows`),
    );
  }

  /** Refused for a schedule that can never fire again, as a start is. */
  async function reload(configId: number): Promise<CommandResult> {
    const { name, schedulerType, scheduleConfig } = await find(configId);
    const past = findExpiry(schedulerType, scheduleConfig, new Date());
    return past === null ? rearm(configId) : answer(configId, false, `${name} cannot be reloaded: ${past}`);
  }

  // Concurrent commands on one schedule are safe, but they would undo or refuse each other's steps.
  const inTurn = createKeyedQueue<number>();
  const queued = (act: (configId: number) => Promise<CommandResult>) => (configId: number) =>
    inTurn(configId, () => act(configId));
  return {
    start: queued(async (configId) => arm(await find(configId))),
    stop: queued(stop),
    /** Removes the schedule. The config stays. */
    remove: queued(stop),
    pause: queued(pause),
    resume: queued(resume),
    reload: queued(reload),
    /** Applies a changed config to its schedule, if it has one. Call it after every change. */
    rearm: queued(rearm),
  };
}

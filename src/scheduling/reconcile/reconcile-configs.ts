import type { Logger } from '../../platform/logger';
import type { TaskConfig } from '../../storage/configs/task-config';
import type { TaskConfigRepository } from '../../storage/configs/task-config-repository';
import type { FindConfigError } from '../temporal/schedule-commands';
import type { ScheduleConvergence } from '../temporal/schedule-convergence';

export interface ConfigRepairs {
  configsFailed: number;
}

export interface ConfigReconcilerDeps {
  configs: TaskConfigRepository;
  convergence: ScheduleConvergence;
  log: Logger;
  findConfigError: FindConfigError;
}

const PAGE = 1_000;

/**
 * Sets configs to `error` that can no longer run, before their next run fails: a newer version may lack the task type,
 * or check its parameters more strictly.
 */
export function createConfigReconciler({ configs, convergence, log, findConfigError }: ConfigReconcilerDeps) {
  async function fail(config: TaskConfig, reason: string): Promise<boolean> {
    const failed = await configs.setScheduleStatus(config.id, 'error', { ifRevision: config.revision, error: reason });
    if (!failed) return false;
    await configs.addEvents(config.id, [
      { event: 'status_changed', newStatus: 'error' },
      { event: 'task_register_failed', taskName: config.name, success: false, error: reason },
    ]);
    if (config.scheduleStatus !== 'inactive') await convergence.converge(config.id);
    log.warn({ configId: config.id, fault: reason }, 'a config can no longer run');
    return true;
  }

  return async function reconcileConfigs(): Promise<ConfigRepairs> {
    let configsFailed = 0;
    for (
      let page = await configs.listWithoutError(0, PAGE);
      page.length > 0;
      page = await configs.listWithoutError(page.at(-1)?.id ?? 0, PAGE)
    ) {
      for (const config of page) {
        const error = findConfigError(config.taskType, config.parameters);
        if (error !== null && (await fail(config, error))) configsFailed += 1;
      }
    }
    return { configsFailed };
  };
}

import type { Logger } from '../../platform/logger';
import type { TaskConfig } from '../../storage/configs/task-config';
import type { TaskConfigRepository } from '../../storage/configs/task-config-repository';
import type { FindConfigFault } from '../temporal/schedule-commands';
import type { ScheduleConvergence } from '../temporal/schedule-convergence';

export interface ConfigRepairs {
  configsFailed: number;
}

export interface ConfigReconcilerDeps {
  configs: TaskConfigRepository;
  convergence: ScheduleConvergence;
  log: Logger;
  findConfigFault: FindConfigFault;
}

const PAGE = 1_000;

/**
 * Sets configs to `error` that can no longer run, before their next run fails: a newer version may lack the task type,
 * or check its parameters more strictly.
 */
export function createConfigReconciler({ configs, convergence, log, findConfigFault }: ConfigReconcilerDeps) {
  async function fail(config: TaskConfig, fault: string): Promise<boolean> {
    const failed = await configs.setScheduleStatus(config.id, 'error', { ifRevision: config.revision, error: fault });
    if (!failed) return false;
    await configs.addEvents(config.id, [
      { event: 'status_changed', newStatus: 'error' },
      { event: 'task_register_failed', taskName: config.name, success: false, error: fault },
    ]);
    if (config.scheduleStatus !== 'inactive') await convergence.converge(config.id);
    log.warn({ configId: config.id, fault }, 'a config can no longer run');
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
        const fault = findConfigFault(config.taskType, config.parameters);
        if (fault !== null && (await fail(config, fault))) configsFailed += 1;
      }
    }
    return { configsFailed };
  };
}

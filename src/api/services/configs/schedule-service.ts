import createLimit from 'p-limit';
import { describeRule, parseScheduleConfig } from '../../../scheduling/schedule/schedule-config';
import { NotFoundError } from '../../errors';
import { requireMatch } from './config-tag';
import { isArmed, isConsistent, presentEvent, presentRecentEvent } from './config-presenter';
import type { CommandResult, ScheduleCommand, ScheduleCommands } from '../../../scheduling/temporal/schedule-commands';
import type { ActualSchedule } from '../../../scheduling/temporal/actual-schedule';
import type { ScheduleView } from '../../../scheduling/temporal/schedule-view';
import type { TaskConfig } from '../../../storage/configs/task-config';
import type { TaskConfigRepository } from '../../../storage/configs/task-config-repository';
import type { EventBody } from '../../schemas/config-schemas';
import type { BatchResultBody, JobsBody, ScheduleInfoBody } from '../../schemas/schedule-schemas';

const RECENT_EVENTS = 5;
/** Concurrent commands of a batch; each takes a few round trips to PostgreSQL and Temporal. */
const MAX_CONCURRENT_COMMANDS = 8;

/** The scheduler type alone when the stored schedule does not fit the present rules. */
function describeSchedule(config: TaskConfig): string {
  try {
    return describeRule(parseScheduleConfig(config.schedulerType, config.scheduleConfig));
  } catch {
    return config.schedulerType;
  }
}

function labelsOf(config: TaskConfig): Record<string, string> {
  return {
    config_id: String(config.id),
    task_type: config.taskType,
    scheduler_type: config.schedulerType,
    ...(config.timeoutSeconds === null ? {} : { timeout: String(config.timeoutSeconds) }),
    priority: String(config.priority),
  };
}

export type ScheduleService = ReturnType<typeof createScheduleService>;

export function createScheduleService(deps: {
  configs: TaskConfigRepository;
  scheduleView: ScheduleView;
  commands: ScheduleCommands;
}) {
  const { configs, scheduleView, commands } = deps;

  async function present(listed: ReadonlyMap<number, ActualSchedule>): Promise<JobsBody> {
    const armed = [...listed.values()].filter((schedule) => schedule.state === 'active');
    const known = new Map(
      (await configs.getMany(armed.map((schedule) => schedule.configId))).map((config) => [config.id, config]),
    );
    const jobs = armed.flatMap((schedule) => {
      const config = known.get(schedule.configId);
      // The schedule of a config that was just deleted is about to be removed.
      if (!config) return [];
      return [
        {
          task_id: `scheduled_task_${config.id}`,
          task_name: config.name,
          config_id: config.id,
          schedule: describeSchedule(config),
          labels: labelsOf(config),
          next_run: schedule.nextRun?.toISOString() ?? null,
        },
      ];
    });
    jobs.sort((a, b) => (a.next_run ?? '').localeCompare(b.next_run ?? ''));
    return { schedules: jobs, total: jobs.length };
  }

  /** Callers that share one list of Temporal's share the answer built from it. */
  const presented = new WeakMap<ReadonlyMap<number, ActualSchedule>, Promise<JobsBody>>();

  return {
    /** The armed schedules, soonest fire time first. Callers may share the returned object: do not modify it. */
    async listJobs(): Promise<JobsBody> {
      const listed = await scheduleView.all();
      const known = presented.get(listed);
      if (known) return known;
      const jobs = present(listed);
      presented.set(listed, jobs);
      jobs.catch(() => presented.delete(listed));
      return jobs;
    },

    async get(configId: number): Promise<ScheduleInfoBody> {
      const [config, events, actual] = await Promise.all([
        configs.get(configId),
        configs.listEvents(configId, RECENT_EVENTS),
        scheduleView.describe(configId).catch(() => undefined),
      ]);
      if (!config) throw new NotFoundError('Task config not found');
      return {
        config_id: config.id,
        status: config.scheduleStatus,
        is_scheduled: config.scheduleStatus === 'active',
        is_actually_scheduled: isArmed(actual),
        status_consistent: isConsistent(config, actual),
        metadata:
          config.registeredAt === null
            ? {}
            : {
                name: config.name,
                task_type: config.taskType,
                scheduler_type: config.schedulerType,
                registered_at: config.registeredAt.toISOString(),
                timeout_seconds: config.timeoutSeconds,
                updated_at: config.updatedAt?.toISOString() ?? null,
              },
        recent_history: events.map(presentRecentEvent),
        next_run: actual?.nextRun?.toISOString() ?? null,
        ...(actual === undefined
          ? {}
          : {
              actual: actual && {
                state: actual.state,
                note: actual.note,
                is_foreign_pause: actual.isForeignPause,
                times_fired: actual.timesFired,
                skipped_overlap: actual.skippedOverlap,
                missed_catchup: actual.missedCatchup,
              },
            }),
      };
    },

    async history(configId: number, limit: number): Promise<EventBody[]> {
      return (await configs.listEvents(configId, limit)).map(presentEvent);
    },

    async act(configId: number, action: ScheduleCommand | 'remove', ifMatch?: string): Promise<CommandResult> {
      const config = ifMatch === undefined ? undefined : await configs.get(configId);
      if (config) requireMatch(ifMatch, config);
      return commands[action](configId);
    },

    /** A command that fails, also for an unknown id, does not stop the others. */
    async actOnMany(configIds: number[], action: ScheduleCommand): Promise<BatchResultBody> {
      const limit = createLimit(MAX_CONCURRENT_COMMANDS);
      const results = await Promise.all(
        configIds.map((configId) =>
          limit(() => commands[action](configId)).catch((error: unknown): CommandResult => ({
            success: false,
            message: error instanceof Error ? error.message : String(error),
            config_id: configId,
          })),
        ),
      );
      const succeeded = results.filter((result) => result.success).length;
      return {
        action,
        results,
        total: results.length,
        success_count: succeeded,
        failed_count: results.length - succeeded,
      };
    },
  };
}

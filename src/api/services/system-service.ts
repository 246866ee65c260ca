import { UnavailableError } from '../errors';
import { within } from '../within';
import { presentStats } from './execution-presenter';
import { since } from './execution-service';
import type { ScheduleGateway } from '../../scheduling/schedule-gateway';
import type { ExecutionQueryRepository } from '../../storage/execution-query-repository';
import type { TaskConfigRepository } from '../../storage/task-config-repository';
import type { DashboardBody, SummaryBody, SystemHealth, SystemStatus } from '../schemas/system-schemas';

const DAY_MS = 86_400_000;
const PROBE_LIMIT_MS = 2_000;
/** Compared by the web client, which colours on equality. */
const RUNNING = '运行中';
const NORMAL = '正常';
const FAULTY = '异常';

type Component = SystemHealth['components']['database'];

async function probe(ask: () => Promise<string>): Promise<Component> {
  try {
    return { status: 'healthy', message: await within(PROBE_LIMIT_MS, ask()) };
  } catch (error) {
    // The cause may name addresses and users: those who need it find it in the log.
    return { status: 'unhealthy', message: error instanceof Error && error.message.startsWith('No answer') ? error.message : 'No answer' };
  }
}

export type SystemService = ReturnType<typeof createSystemService>;

/** What the service knows of itself. Each answer asks everything at once, a fixed number of questions. */
export function createSystemService(deps: {
  configs: TaskConfigRepository;
  queries: ExecutionQueryRepository;
  schedules: ScheduleGateway;
  redis: { ping(): Promise<void> };
  reddit: { isSandbox: boolean };
}) {
  const { configs, queries, schedules } = deps;

  const probes = {
    database: () => probe(async () => `${Object.values(await configs.countByStatus()).reduce((sum, count) => sum + count, 0)} task configs`),
    redis: () => probe(async () => deps.redis.ping().then(() => 'PONG')),
    scheduler: () => probe(async () => `${[...(await schedules.list()).values()].filter((schedule) => schedule.state === 'active').length} armed schedules`),
  };

  async function health(): Promise<SystemHealth['components']> {
    const [database, redis, scheduler] = await Promise.all([probes.database(), probes.redis(), probes.scheduler()]);
    return { database, redis, scheduler };
  }

  async function summary(): Promise<SummaryBody> {
    const counts = await configs.countByStatus();
    return {
      total_tasks: counts.active + counts.paused + counts.inactive + counts.error,
      active_tasks: counts.active,
      paused_tasks: counts.paused,
      inactive_tasks: counts.inactive,
      error_tasks: counts.error,
      last_updated: new Date().toISOString(),
    };
  }

  async function configStats(): Promise<SystemStatus['config_stats']> {
    const byType = await configs.countByType();
    return { total_configs: Object.values(byType).reduce((sum, count) => sum + count, 0), by_type: byType };
  }

  const stats = async (days: number) => presentStats(await queries.totals({ startedSince: since(days * DAY_MS) }), days);

  return {
    summary,
    components: health,

    async status(): Promise<SystemStatus> {
      const components = await health();
      if (components.database.status === 'unhealthy') throw new UnavailableError('The database does not answer');
      const [config_stats, schedule_summary, execution_stats] = await Promise.all([configStats(), summary(), stats(7)]);
      return {
        system_time: new Date().toISOString(),
        scheduler_status: components.scheduler.status === 'healthy' ? RUNNING : FAULTY,
        database_status: NORMAL,
        redis_status: components.redis.status === 'healthy' ? NORMAL : FAULTY,
        config_stats,
        schedule_summary,
        execution_stats,
        reddit: deps.reddit.isSandbox ? { source: 'sandbox', notice: 'Reddit content comes from the Reddit sandbox and is made up or recorded' } : { source: 'reddit' },
      };
    },

    async health(): Promise<SystemHealth> {
      const components = await health();
      const faulty = Object.values(components).filter((component) => component.status === 'unhealthy').length;
      // Where nothing answers there is nothing left to be degraded.
      const isUnhealthy = faulty === Object.keys(components).length;
      return { status: isUnhealthy ? 'unhealthy' : faulty > 0 ? 'degraded' : 'healthy', timestamp: new Date().toISOString(), components, error: isUnhealthy ? 'No component answers' : null };
    },

    async dashboard(): Promise<DashboardBody> {
      const [config_stats, schedule_summary, last_7_days, last_30_days] = await Promise.all([configStats(), summary(), stats(7), stats(30)]);
      return { dashboard: { config_stats, schedule_summary, execution_stats: { last_7_days, last_30_days }, generated_at: new Date().toISOString() } };
    },
  };
}

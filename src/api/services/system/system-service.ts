import { UnavailableError } from '../../errors';
import { withTimeout } from '../../concurrency/with-timeout';
import { presentStats } from '../executions/execution-presenter';
import { daysAgo } from '../common/times';
import { canonicalZones } from '../../../scheduling/config-fields/time-zone';
import { describeOtherZones } from '../../../scheduling/temporal/server-zones';
import { rulesVersion } from '../../../time-zones/zone-rules';
import type { ServerZones } from '../../../scheduling/temporal/server-zones';
import type { ScheduleView } from '../../../scheduling/temporal/schedule-view';
import type { ExecutionQueryRepository } from '../../../storage/executions/execution-query-repository';
import type { ConfigCounts, TaskConfigRepository } from '../../../storage/configs/task-config-repository';
import type { DashboardBody, SummaryBody, SystemHealth, SystemStatus } from '../../schemas/system-schemas';

const PROBE_LIMIT_MS = 2_000;
/** The web client compares these texts to choose a colour. */
const RUNNING = '运行中';
const NORMAL = '正常';
const FAULTY = '异常';

type Component = SystemHealth['components']['database'];

async function probe(ask: () => Promise<string>): Promise<Component> {
  try {
    return { status: 'healthy', message: await withTimeout(PROBE_LIMIT_MS, ask()) };
  } catch (error) {
    // The cause may contain addresses and user names, so it is not part of the answer.
    return {
      status: 'unhealthy',
      message: error instanceof Error && error.message.startsWith('No answer') ? error.message : 'No answer',
    };
  }
}

export type SystemService = ReturnType<typeof createSystemService>;

/** The state of the system. Each answer takes a fixed number of queries, made concurrently. */
export function createSystemService(deps: {
  configs: TaskConfigRepository;
  queries: ExecutionQueryRepository;
  scheduleView: ScheduleView;
  redis: { ping(): Promise<void> };
  lastReconcile: { read(): Promise<Date | null> };
  reddit: { isSandbox: boolean };
  zones: Pick<ServerZones, 'differing'>;
  /** The server was given our rules of time zones. */
  hasOurZones: boolean;
}) {
  const { configs, queries, scheduleView } = deps;

  const probes = {
    database: () => probe(async () => `${(await configs.count()).total} task configs`),
    redis: () => probe(async () => deps.redis.ping().then(() => 'PONG')),
    scheduler: () =>
      probe(async () => {
        const listed = [...(await scheduleView.all()).values()];
        return `${listed.filter((schedule) => schedule.state === 'active').length} armed schedules`;
      }),
  };

  /** Null also when the store does not answer. */
  const readLastPass = () => withTimeout(PROBE_LIMIT_MS, deps.lastReconcile.read()).catch(() => null);

  async function readComponents(): Promise<SystemHealth['components']> {
    const [database, redis, scheduler] = await Promise.all([probes.database(), probes.redis(), probes.scheduler()]);
    return { database, redis, scheduler };
  }

  /** The rules of time zones here and in Temporal, which tells them for single zones only. */
  async function compareZones(): Promise<SystemStatus['time_zones']> {
    const zones = canonicalZones(await configs.zonesInUse());
    const differing = await withTimeout(PROBE_LIMIT_MS, deps.zones.differing(zones)).catch(() => null);
    return {
      version: rulesVersion,
      temporal_version: deps.hasOurZones && differing?.length === 0 ? rulesVersion : null,
      differing_zones: differing,
      warning: differing && differing.length > 0 ? describeOtherZones(differing) : null,
    };
  }

  const presentSummary = ({ total, byStatus }: ConfigCounts): SummaryBody => ({
    total_tasks: total,
    active_tasks: byStatus.active,
    paused_tasks: byStatus.paused,
    inactive_tasks: byStatus.inactive,
    error_tasks: byStatus.error,
    last_updated: new Date().toISOString(),
  });

  const presentCounts = (counts: ConfigCounts) => ({
    config_stats: { total_configs: counts.total, by_type: counts.byType },
    schedule_summary: presentSummary(counts),
  });

  return {
    summary: async (): Promise<SummaryBody> => presentSummary(await configs.count()),
    components: readComponents,

    async status(): Promise<SystemStatus> {
      const components = await readComponents();
      if (components.database.status === 'unhealthy') throw new UnavailableError('The database does not answer');
      const [counts, [week], time_zones] = await Promise.all([
        configs.count(),
        queries.totalsSince(daysAgo(7)),
        compareZones(),
      ]);
      return {
        system_time: new Date().toISOString(),
        scheduler_status: components.scheduler.status === 'healthy' ? RUNNING : FAULTY,
        database_status: NORMAL,
        redis_status: components.redis.status === 'healthy' ? NORMAL : FAULTY,
        ...presentCounts(counts),
        execution_stats: presentStats(week, 7),
        reddit: deps.reddit.isSandbox
          ? { source: 'sandbox', notice: 'Reddit content comes from the Reddit sandbox and is made up or recorded' }
          : { source: 'reddit' },
        time_zones,
      };
    },

    async health(): Promise<SystemHealth> {
      const [components, lastPass] = await Promise.all([readComponents(), readLastPass()]);
      const healthFlags = Object.values(components).map((component) => component.status === 'healthy');
      const isUnhealthy = !healthFlags.includes(true);
      const statusIfAnyAnswers = healthFlags.includes(false) ? 'degraded' : 'healthy';
      return {
        status: isUnhealthy ? 'unhealthy' : statusIfAnyAnswers,
        timestamp: new Date().toISOString(),
        components,
        reconcile: {
          last_pass_at: lastPass?.toISOString() ?? null,
          age_seconds: lastPass && Math.max(0, (Date.now() - lastPass.getTime()) / 1_000),
        },
        error: isUnhealthy ? 'No component answers' : null,
      };
    },

    async dashboard(): Promise<DashboardBody> {
      const [counts, [week, month]] = await Promise.all([
        configs.count(),
        queries.totalsSince(daysAgo(7), daysAgo(30)),
      ]);
      return {
        dashboard: {
          ...presentCounts(counts),
          execution_stats: { last_7_days: presentStats(week, 7), last_30_days: presentStats(month, 30) },
          generated_at: new Date().toISOString(),
        },
      };
    },
  };
}

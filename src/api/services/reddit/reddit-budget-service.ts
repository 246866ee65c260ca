import type { RedditBudget } from '../../../platform/reddit-budget/reddit-budget';
import type { BudgetView } from '../../../platform/reddit-budget/budget-commands';
import type { TaskConfigRepository } from '../../../storage/configs/task-config-repository';
import type { RedditBudgetBody } from '../../schemas/reddit-schemas';

export type RedditBudgetService = ReturnType<typeof createRedditBudgetService>;

/** A flow is named by its config's id. The flows `none` and `probe` belong to no config. */
const configIdOf = (flow: string) => (/^\d+$/.test(flow) ? Number(flow) : null);
const sum = (flows: BudgetView['flows'], read: (flow: BudgetView['flows'][string]) => number) =>
  Object.values(flows).reduce((total, flow) => total + read(flow), 0);

/** Tells how much of the request budget at Reddit is left, and which configs wait for it. */
export function createRedditBudgetService({
  budget,
  configs,
}: {
  budget: RedditBudget;
  configs: Pick<TaskConfigRepository, 'getMany'>;
}) {
  async function present(view: BudgetView): Promise<RedditBudgetBody> {
    const { source, limit, remaining, resetMs, closedMs, processes, flows } = view;
    const names = new Map(
      (await configs.getMany(Object.keys(flows).flatMap((flow) => configIdOf(flow) ?? []))).map(({ id, name }) => [
        id,
        name,
      ]),
    );
    const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();
    const byConfig = Object.entries(flows).map(([flow, { waiting, deferred, lastMinute }]) => {
      const configId = configIdOf(flow);
      return {
        config_id: configId,
        name: configId === null ? flow : (names.get(configId) ?? null),
        waiting,
        deferred,
        last_minute: lastMinute,
      };
    });
    return {
      is_shared: true,
      source,
      limit,
      used: limit - remaining,
      remaining,
      resets_at: inMs(resetMs),
      closed_until: closedMs > 0 ? inMs(closedMs) : null,
      last_minute: sum(flows, (flow) => flow.lastMinute),
      waiting: sum(flows, (flow) => flow.waiting),
      deferred: sum(flows, (flow) => flow.deferred),
      processes_waiting: processes,
      by_config: byConfig.sort((a, b) => b.last_minute - a.last_minute || b.waiting - a.waiting),
    };
  }

  return {
    read: async (): Promise<RedditBudgetBody> => present(await budget.view()),
    /** Forgets what Reddit told of its windows, and answers the state after it. */
    reset: async (): Promise<RedditBudgetBody> => present(await budget.reset()),
  };
}

import { activityInfo, Context } from '@temporalio/activity';
import { taskTypes } from '../tasks/registry';
import { endOf, planOf } from './execution-plan';
import { runShortAttempt } from './short-task';
import type { ActivityDeps } from './index';
import type { BatchRequest, BegunBatch, ExecutionOutcome } from './run-request';
import type { OpenedAttempt } from '../storage/execution-repository';
import type { TaskExecution } from '../storage/models/task-execution';

/** Runs of one activity: enough to make its cost small beside theirs, few enough to spread over workers. */
const RUNS_PER_SLICE = 100;
/** Runs that go at once, and are recorded in one statement: the most that a dying worker leaves to be run again. */
const RUNS_AT_ONCE = 25;

const ownWorkflowTypes = taskTypes.filter((taskType) => !taskType.isShort).map((taskType) => taskType.name);

const chunk = <Item>(items: Item[], size: number): Item[][] => Array.from({ length: Math.ceil(items.length / size) }, (_, n) => items.slice(n * size, (n + 1) * size));

function currentRun(): { workflowId: string; runId: string } {
  const { workflowExecution } = activityInfo();
  if (!workflowExecution) throw new Error('A batch activity belongs in a workflow');
  return workflowExecution;
}

/** The steps of `runBatch`: many short runs in one workflow, each a row of its own. */
export function createBatchActivities(deps: ActivityDeps) {
  const { executions } = deps;

  async function runOne(execution: TaskExecution, opened: OpenedAttempt | undefined): Promise<ExecutionOutcome | 'again'> {
    // Still running, and yet no attempt was opened: somebody asked for it to stop.
    if (!opened) return { status: 'cancelled', errorMessage: 'Cancelled' };
    const plan = planOf(execution);
    if (plan.kind === 'refused') return plan.outcome;
    const attempt = await runShortAttempt(deps, plan, opened);
    return attempt.kind === 'ended' ? attempt.outcome : 'again';
  }

  /** Runs some rows at once and records their ends. Answers the ids that want another attempt. */
  async function runSome(rows: TaskExecution[]): Promise<number[]> {
    const opened = new Map((await executions.openAttempts(rows.map((row) => row.id), deps.workerIdentity, new Date())).map((attempt) => [attempt.executionId, attempt]));
    const results = await Promise.all(rows.map(async (row) => ({ executionId: row.id, outcome: await runOne(row, opened.get(row.id)) })));
    await executions.endMany(results.flatMap(({ executionId, outcome }) => (outcome === 'again' ? [] : [{ executionId, ...endOf(outcome) }])));
    return results.filter(({ outcome }) => outcome === 'again').map(({ executionId }) => executionId);
  }

  return {
    /** Inserts a row for each short run, and names the runs that need a workflow of their own. */
    async beginBatch(request: BatchRequest): Promise<BegunBatch> {
      const run = currentRun();
      const items = await executions.beginBatch({ ...run, ...request, ownWorkflowTypes, startedAt: new Date() });
      return {
        slices: chunk(items.flatMap((item) => (item.executionId !== null && item.isRunning ? [item.executionId] : [])), RUNS_PER_SLICE),
        children: items.flatMap((item) =>
          item.executionId === null && item.configId !== null
            ? [{ workflowId: `${run.workflowId}-${item.n}`, configId: item.configId, configName: item.configName ?? '', taskType: item.taskType ?? '', priority: item.priority ?? 5 }]
            : [],
        ),
      };
    },

    /** Runs a slice of rows; those that have ended are skipped, so a repetition runs only what the last one left. Answers the ids to try again. */
    async executeSlice(executionIds: number[]): Promise<number[]> {
      const { cancellationSignal, heartbeat } = Context.current();
      const beat = setInterval(() => heartbeat(), 1_000);
      try {
        const rows = (await executions.getMany(executionIds)).filter((row) => row.status === 'running');
        const again: number[] = [];
        for (const some of chunk(rows, RUNS_AT_ONCE)) {
          if (cancellationSignal.aborted) throw cancellationSignal.reason;
          again.push(...(await runSome(some)));
        }
        return again;
      } finally {
        clearInterval(beat);
      }
    },

    /** Ends what is left of a cancelled batch, and counts. */
    async finishBatch(isCancelled: boolean): Promise<{ total: number; succeeded: number }> {
      const { workflowId, runId } = currentRun();
      if (isCancelled) await executions.endBatch(workflowId, runId, { status: 'cancelled', endedAt: new Date(), errorMessage: 'The batch was cancelled' });
      return executions.countBatch(workflowId, runId);
    },
  };
}

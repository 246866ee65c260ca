import { activityInfo, Context } from '@temporalio/activity';
import { taskTypes } from '../tasks/registry';
import { endOf, planOf } from './execution-plan';
import { runShortAttempt, timedOut, type ShortAttempt } from './short-task';
import { chunk } from '../shared/chunk';
import type { ActivityDeps } from './index';
import type { BatchRequest, BatchRun, BegunBatch, ExecutionOutcome } from './run-request';
import type { OpenedAttempt } from '../storage/executions/execution-repository';
import type { TaskExecution } from '../storage/executions/task-execution';

/** Runs of one activity: enough to make its cost small beside theirs, few enough to spread over workers. */
const RUNS_PER_SLICE = 100;
/** Runs that go at once, and are recorded in one statement: the most that a dying worker leaves to be run again. */
const RUNS_AT_ONCE = 25;

const ownWorkflowTypes = taskTypes.filter((taskType) => !taskType.isShort).map((taskType) => taskType.name);

export interface WaitingRun {
  executionId: number;
  waitMs: number;
}

function currentRun(): { workflowId: string; runId: string } {
  const { workflowExecution } = activityInfo();
  if (!workflowExecution) throw new Error('A batch activity belongs in a workflow');
  return workflowExecution;
}

/** The steps of `runBatch`: many short runs in one workflow, each a row of its own. */
export function createBatchActivities(deps: ActivityDeps) {
  const { executions } = deps;

  async function runOne(execution: TaskExecution, opened: OpenedAttempt | undefined): Promise<ShortAttempt> {
    const ended = (outcome: ExecutionOutcome): ShortAttempt => ({ kind: 'ended', outcome });
    // Still running, and yet no attempt was opened: somebody asked for it to stop.
    if (!opened) return ended({ status: 'cancelled', errorMessage: 'Cancelled' });
    const plan = planOf(execution);
    if (plan.kind === 'refused') return ended(plan.outcome);
    const attempt = await runShortAttempt(deps, plan, opened);
    // Nothing could begin before the run's time is up; the few seconds until then are not worth a round.
    return attempt.kind === 'again' && attempt.isLast ? ended(timedOut(plan.timeoutSeconds)) : attempt;
  }

  /** Runs some rows at once and records their ends. Answers those that want another attempt. */
  async function runSome(rows: TaskExecution[]): Promise<WaitingRun[]> {
    const opened = new Map(
      (
        await executions.openAttempts(
          rows.map((row) => row.id),
          deps.workerIdentity,
          new Date(),
        )
      ).map((attempt) => [attempt.executionId, attempt]),
    );
    const results = await Promise.all(
      rows.map(async (row) => ({ executionId: row.id, attempt: await runOne(row, opened.get(row.id)) })),
    );
    await executions.endMany(
      results.flatMap(({ executionId, attempt }) =>
        attempt.kind === 'again' ? [] : [{ executionId, ...endOf(attempt.outcome) }],
      ),
    );
    return results.flatMap(({ executionId, attempt }) =>
      attempt.kind === 'again' ? [{ executionId, waitMs: attempt.waitMs }] : [],
    );
  }

  return {
    /** Inserts a row for each short run, and names the runs that need a workflow of their own. */
    async beginBatch(request: BatchRequest): Promise<BegunBatch> {
      const run = currentRun();
      const items = await executions.beginBatch({ ...run, ...request, ownWorkflowTypes, startedAt: new Date() });
      return {
        slices: chunk(
          items.flatMap(({ n, executionId, isRunning }) =>
            executionId !== null && isRunning ? [{ n, executionId }] : [],
          ),
          RUNS_PER_SLICE,
        ),
        children: items.flatMap((item) =>
          item.executionId === null && item.configId !== null
            ? [
                {
                  n: item.n,
                  workflowId: `${run.workflowId}-${item.n}`,
                  configId: item.configId,
                  configName: item.configName ?? '',
                  taskType: item.taskType ?? '',
                  priority: item.priority ?? 5,
                },
              ]
            : [],
        ),
      };
    },

    /** Runs a slice of rows; those that have ended are skipped, so a repetition runs only what the last one left. Answers what to try again, and when. */
    async executeSlice(executionIds: number[]): Promise<WaitingRun[]> {
      const { cancellationSignal, heartbeat } = Context.current();
      const beat = setInterval(() => heartbeat(), 1_000);
      try {
        const rows = (await executions.getMany(executionIds)).filter((row) => row.status === 'running');
        const again: WaitingRun[] = [];
        for (const some of chunk(rows, RUNS_AT_ONCE)) {
          if (cancellationSignal.aborted) throw cancellationSignal.reason;
          again.push(...(await runSome(some)));
        }
        return again;
      } finally {
        clearInterval(beat);
      }
    },

    /** Stops runs of the batch that were asked to before anybody could see their rows. */
    async cancelRuns(runs: BatchRun[]): Promise<void> {
      for (const { executionId } of runs) await executions.cancelInBatch(executionId);
    },

    /** Ends what is left of a cancelled batch, and counts. */
    async finishBatch(isCancelled: boolean): Promise<{ total: number; succeeded: number }> {
      const { workflowId, runId } = currentRun();
      if (isCancelled)
        await executions.endBatch(workflowId, runId, {
          status: 'cancelled',
          endedAt: new Date(),
          errorMessage: 'The batch was cancelled',
        });
      return executions.countBatch(workflowId, runId);
    },
  };
}

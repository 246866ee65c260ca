import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { defineTaskType } from './task-type';
import type { OverdueRun } from './ports/run-monitor';

const FACTOR = 2;
/** Shorter runs are never reported, however much longer than usual they take. */
const LEAST_SECONDS = 10;
const SECONDS_BETWEEN_LOOKS = 5;
const MOST_REPORTED = 100;

/** It never fails because of what it finds: overdue runs are its result and a warning in the log. */
export const timeoutMonitor = defineTaskType({
  name: 'TIMEOUT_MONITOR',
  summary: 'Watches for runs that take more than twice their usual time (95th percentile), and reports them',
  parameters: z.object({
    monitor_duration: z.int().min(0).max(86_400).default(60).describe('How long to watch, in seconds; 0 for one look'),
  }),
  examples: {
    accepted: [{ monitor_duration: 60 }, {}, { monitor_duration: 0 }],
    refused: [
      { parameters: { duration: 1 }, at: 'duration' },
      { parameters: { monitor_duration: -1 }, at: 'monitor_duration' },
      { parameters: { monitor_duration: 0.5 }, at: 'monitor_duration' },
      { parameters: { monitor_duration: 86_401 }, at: 'monitor_duration' },
    ],
  },
  async run(context, { monitor_duration }) {
    const until = context.startedAt.getTime() + monitor_duration * 1_000;
    const found = new Map((context.cursor as [number, OverdueRun][] | undefined) ?? []);
    for (;;) {
      const report = await context.services.runs.findOverdue({
        exceptId: context.executionId,
        factor: FACTOR,
        leastSeconds: LEAST_SECONDS,
      });
      for (const run of report.overdue) {
        if (!found.has(run.executionId)) context.log.warn({ ...run }, 'a run takes more than twice its usual time');
        if (found.has(run.executionId) || found.size < MOST_REPORTED) found.set(run.executionId, run);
      }
      context.saveCursor([...found]);
      const leftMs = until - Date.now();
      if (leftMs <= 0) return present(report, [...found.values()]);
      await sleep(Math.min(leftMs, SECONDS_BETWEEN_LOOKS * 1_000), undefined, { signal: context.signal });
    }

    function present(last: { running: number; unjudged: number; overdue: OverdueRun[] }, overdue: OverdueRun[]) {
      const atWork = new Set(last.overdue.map((run) => run.executionId));
      return {
        config_id: context.configId,
        monitor_duration,
        status: 'completed',
        timestamp: new Date().toISOString(),
        message:
          overdue.length === 0
            ? `None of ${last.running} runs takes unusually long`
            : `${overdue.length} runs took more than twice their usual time`,
        running: last.running,
        unjudged: last.unjudged,
        overdue: overdue.map((run) => ({
          execution_id: run.executionId,
          task_id: run.taskId,
          config_id: run.configId,
          config_name: run.configName,
          task_type: run.taskType,
          running_seconds: run.runningSeconds,
          usual_seconds: run.usualSeconds,
          is_still_overdue: atWork.has(run.executionId),
        })),
      };
    }
  },
});

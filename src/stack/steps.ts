import { Listr, PRESET_TIMER } from 'listr2';

export interface Step<Result> {
  title: string;
  /** `report` shows what the step is doing now. The text of the outcome is shown behind the title. */
  run(report: (text: string) => void): Promise<{ outcome: string; result: Result }>;
}

/** The part of a listr task that is used here. */
interface LineOfList {
  title: string;
  output: string;
}

/** Without a spinner, a long step prints a line at this interval to show that it is alive. */
const ALIVE_EVERY_MS = 10_000;

/**
 * Runs the steps side by side, a line each. The first failure calls `onFailure`, and is thrown when all have come to
 * rest.
 */
export async function runSteps<Result>(
  steps: Step<Result>[],
  onFailure: (error: Error) => void = () => undefined,
): Promise<Result[]> {
  const isTerminal = process.stdout.isTTY === true;
  const results: Result[] = [];
  let failure: Error | undefined;
  const list = new Listr(
    steps.map((step, index) => ({
      title: step.title,
      task: async (_: unknown, task: LineOfList) => {
        const { report, done } = isTerminal
          ? { report: (text: string) => void (task.output = text), done: () => undefined }
          : reportRarely(step.title);
        try {
          const { outcome, result } = await step.run(report);
          results[index] = result;
          task.title = `${step.title}: ${outcome}`;
        } catch (error) {
          if (!failure) onFailure((failure = error as Error));
          throw error;
        } finally {
          done();
        }
      },
    })),
    {
      concurrent: true,
      exitOnError: false,
      // commands/start.ts handles Ctrl-C: listr would exit at once and leave the services running.
      registerSignalListeners: false,
      renderer: isTerminal ? 'default' : 'simple',
      rendererOptions: { timer: PRESET_TIMER, showErrorMessage: false, collapseErrors: false },
      fallbackRendererOptions: { timer: PRESET_TIMER },
    },
  );
  await list.run();
  if (failure) throw failure;
  return results;
}

function reportRarely(title: string): { report: (text: string) => void; done: () => void } {
  const startedAt = Date.now();
  let latest = 'working';
  const alive = setInterval(
    () => process.stdout.write(`  ${title}: ${latest} (${Math.round((Date.now() - startedAt) / 1000)} s)\n`),
    ALIVE_EVERY_MS,
  );
  return { report: (text) => (latest = text), done: () => clearInterval(alive) };
}
